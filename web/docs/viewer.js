/* Shows the API's description. All addresses are relative, so that a proxy may put mien under a path. */
"use strict";

let csrf;

/* Who is signed in to the console may try operations that change something, too. */
fetch("v1/me")
  .then((response) => (response.ok ? response.json() : {}))
  .then((me) => { csrf = me.csrf; })
  .catch(() => {});

window.SwaggerUIBundle({
  url: "v1/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (csrf && request.method && request.method !== "GET") request.headers["X-CSRF-Token"] = csrf;
    return request;
  },
});
