// Sends the query as it is written and shows the answer as text.
const query = document.getElementById("query");
const variables = document.getElementById("variables");
const answer = document.getElementById("answer");

async function ask() {
  let given = null;
  if (variables.value.trim() !== "") {
    try {
      given = JSON.parse(variables.value);
    } catch {
      answer.textContent = answer.dataset.unread;
      variables.focus();
      return;
    }
  }
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
      body: JSON.stringify({ query: query.value, variables: given }),
    });
    answer.textContent = JSON.stringify(await response.json(), null, 2);
  } catch {
    answer.textContent = answer.dataset.offline;
  }
}

document.getElementById("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
