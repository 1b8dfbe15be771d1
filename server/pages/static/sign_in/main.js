// A password can be looked at while it is typed; it is hidden again before it is sent, so that none is kept as text.

const password = document.getElementById("password");
const reveal = document.getElementById("reveal");

function show(shown) {
  password.type = shown ? "text" : "password";
  reveal.setAttribute("aria-pressed", String(shown));
}

reveal.addEventListener("click", () => show(password.type === "password"));
document.getElementById("sign-in").addEventListener("submit", () => show(false));

document.getElementById("summary")?.focus();
