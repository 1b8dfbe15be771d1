// The page of one incident: enhanced, and followed while it is seen. The stream only says that something happened.

import { Stream } from "../common/stream.js";
import { data } from "../common/words.js";
import { mount } from "./case.js";

const { refresh } = mount(document.querySelector(".case"));
document.getElementById("summary")?.focus();
new Stream(`/r/${data.code}/live`, { opened: refresh, next: refresh }, { whileHidden: false });
