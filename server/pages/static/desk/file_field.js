// The name of the file that was chosen: a browser says it in its own language, not the page's.

const field = document.getElementById("file");
const name = document.getElementById("file-name");
const none = name.textContent;

const show = () => (name.textContent = field.files[0]?.name ?? none);
field.addEventListener("change", show);
show(); // after Back a browser may have kept it
