// A new account's form asks for the crew or the team only where the role has one.

const fields = document.querySelectorAll("[data-for]");
const roles = document.querySelectorAll("input[name=role]");

function show() {
  const chosen = document.querySelector("input[name=role]:checked");
  for (const field of fields) field.hidden = field.dataset.for !== chosen?.value;
}

for (const role of roles) role.addEventListener("change", show);
show();
