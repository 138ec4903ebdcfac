// What the client sends, and what it makes of answers, over HTTP. node --test, after npm run build.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

const { Mien, ProblemError } = await import(process.env.MIEN_CLIENT ?? "../dist/index.js");

let server, base, seen, answer;

before(async () => {
  server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      seen = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(parts).toString() };
      const [status, headers, body] = answer(seen);
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const json = (value, headers = {}) => [200, { "Content-Type": "application/json", ...headers }, JSON.stringify(value)];

test("parameters go where they belong", async () => {
  answer = () => json({ people: [], next: null });
  await new Mien({ base, token: "t0" }).peopleList({ limit: 5, like: "a&b c", field: ["a:1", "b:2,3"], active: false });
  assert.equal(seen.url, "/v1/people?limit=5&like=a%26b+c&active=false&field=a%3A1&field=b%3A2%2C3");
  assert.equal(seen.headers.authorization, "Bearer t0");
  assert.equal(seen.headers.accept, "application/json");
});

test("a change carries body, state and escaped path", async () => {
  answer = () => json({ role: "a/b" }, { ETag: '"2"' });
  const got = await new Mien({ base }).roleChange({ role: "a/b", ifMatch: '"1"', body: { rights: ["people.view"] } });
  assert.equal(seen.method, "PATCH");
  assert.equal(seen.url, "/v1/roles/a%2Fb");
  assert.equal(seen.headers["if-match"], '"1"');
  assert.equal(seen.headers["content-type"], "application/json");
  assert.equal(seen.body, '{"rights":["people.view"]}');
  assert.equal(got.etag, '"2"');
  assert.equal(got.status, 200);
});

test("pictures go as they are", async () => {
  answer = () => json({ images: [] });
  const mien = new Mien({ base });
  await mien.detect({ with: ["pose"], body: new Uint8Array([65, 66]) });
  assert.equal(seen.headers["content-type"], "application/octet-stream");
  assert.equal(seen.body, "AB");
  await mien.detect({ body: new Blob(["CD"], { type: "image/png" }) });
  assert.equal(seen.headers["content-type"], "image/png");
  assert.equal(seen.body, "CD");
});

test("all pages are gone through", async () => {
  const pages = { undefined: ["a", "b"], x: ["c"], y: [] };
  const nexts = { undefined: "x", x: "y", y: null };
  const asked = [];
  answer = ({ url }) => {
    const cursor = new URL(url, base).searchParams.get("cursor") ?? undefined;
    asked.push(cursor);
    return json({ people: pages[cursor].map((name) => ({ name })), next: nexts[cursor] });
  };
  const names = [];
  for await (const person of new Mien({ base }).peopleListAll({ list: "staff" })) names.push(person.name);
  assert.deepEqual(names, ["a", "b", "c"]);
  assert.deepEqual(asked, [undefined, "x", "y"]);
  assert.match(seen.url, /list=staff/);
});

test("a refusal is a ProblemError", async () => {
  const problem = { type: "about:blank", title: "Too Many Requests", status: 429, code: "rate_limited", detail: "wait" };
  answer = () => [429, { "Content-Type": "application/problem+json", "Retry-After": "7" }, JSON.stringify(problem)];
  const error = await new Mien({ base }).meGet().catch((e) => e);
  assert.ok(error instanceof ProblemError);
  assert.equal(error.code, "rate_limited");
  assert.equal(error.retryAfter, 7);
  assert.equal(error.message, "wait");
  answer = () => [502, { "Content-Type": "text/html" }, "<html>"];
  const other = await new Mien({ base }).meGet().catch((e) => e);
  assert.equal(other.code, "internal");
  assert.equal(other.status, 502);
  assert.equal(other.retryAfter, undefined);
});

test("the token against forged requests goes along with changes", async () => {
  const mien = new Mien({ base });
  answer = () => json({ csrf: "c1", user: "u" });
  await mien.login({ body: { login: "anna", password: "x" } });
  answer = () => [204, {}, undefined];
  const out = await mien.logout();
  assert.equal(out.data, undefined);
  assert.equal(seen.headers["x-csrf-token"], "c1");
  answer = () => json({ people: [], next: null });
  await mien.peopleList();
  assert.equal(seen.headers["x-csrf-token"], undefined);
});

test("tables, files and streams come as such", async () => {
  const mien = new Mien({ base });
  answer = () => [200, { "Content-Type": "text/csv", "X-Next-Cursor": "n" }, "person\r\n1\r\n"];
  const csv = await mien.peopleListCsv();
  assert.equal(csv.data, "person\r\n1\r\n");
  assert.equal(csv.headers.get("X-Next-Cursor"), "n");
  assert.equal(seen.headers.accept, "text/csv");
  answer = () => [200, { "Content-Type": "image/jpeg" }, "jpeg"];
  assert.equal(await (await mien.sampleGet({ sample: "s" })).data.text(), "jpeg");
  answer = () => [200, { "Content-Type": "application/jsonl" }, "{}\n{}\n"];
  assert.equal(await new Response((await mien.auditExport()).data).text(), "{}\n{}\n");
});
