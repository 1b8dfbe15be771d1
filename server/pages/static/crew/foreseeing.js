// How the list looks once all that waits is sent: what the page shows, for the crew has done it already. Pure.

const AFTER = { accept: "ACCEPTED", start: "IN_PROGRESS" };

/**
 * The crew's jobs with what waits applied: { onDuty, dutyWaits, jobs, gone }. A job with something waiting has `waits`
 * (the action); `gone` are the actions by which one leaves the list.
 */
export function foreseen(list, actions) {
  const jobs = new Map(list.jobs.map((job) => [job.id, { ...job, isLate: isLate(job), waits: null }]));
  let onDuty = list.crew?.onDuty ?? false;
  let dutyWaits = null;
  const gone = [];
  for (const action of actions) {
    if (action.state !== "waiting" || action.account !== list.account) continue;
    if (action.step === "duty") {
      onDuty = action.fields.onDuty === "yes";
      dutyWaits = action;
      // What is not begun goes to another crew when duty ends (geo/duty.py).
      if (!onDuty) for (const job of [...jobs.values()]) if (job.status !== "IN_PROGRESS") jobs.delete(job.id);
      continue;
    }
    if (!(action.step in AFTER)) {
      jobs.delete(action.incident);
      gone.push(action);
      continue;
    }
    const job = jobs.get(action.incident);
    if (job) Object.assign(job, { status: AFTER[action.step], acceptBy: null, waits: action });
  }
  return { onDuty, dutyWaits, jobs: [...jobs.values()], gone };
}

export const isLate = (job) => Boolean(job.dueAt) && Date.parse(job.dueAt) < Date.now();
