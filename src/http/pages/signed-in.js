// Code and state leave the address and the history at once, before anything else is loaded or shown.
const answer = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname);

const byId = (id) => document.getElementById(id);

async function finish() {
  const signIn = await import("/start/sign-in.js");
  const show = (problem) => {
    byId("title").textContent = "You are not signed in";
    byId("state").textContent = problem.message;
    byId("again").onclick = async () => {
      try {
        const { signIn: site } = await signIn.waysIn();
        if (site.state === "on") return await signIn.begin(site, problem.returnTo);
        byId("state").textContent = "The server cannot reach the issuer at the moment. Try again soon.";
      } catch (error) {
        byId("state").textContent = error.message;
      }
    };
    byId("go-on").hidden = false;
  };
  try {
    location.replace(await signIn.finish(answer));
  } catch (error) {
    show(error instanceof signIn.Problem ? error : new signIn.Problem("Something went wrong. Sign in again."));
  }
}

addEventListener("DOMContentLoaded", () => {
  byId("state").textContent = "One moment…";
  void finish();
});
