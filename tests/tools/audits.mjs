// What graphql-http's audits find of the server at the given URL, as JSON: [{id, name, status, reason}].
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.argv[2] });
const found = await Promise.all(
  audits.map(async (audit) => {
    const { id, name, status, reason } = await audit.fn();
    return { id, name, status, reason };
  }),
);
process.stdout.write(JSON.stringify(found));
