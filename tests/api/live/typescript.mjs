// The client, as a program that installed the package uses it, against a real server. Environment: MIEN_URL, MIEN_TOKEN,
// MIEN_PICTURE (a JPEG of one person). Run by test_typescript.py.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Mien, ProblemError } from "@mien/client";

const mien = new Mien({ base: process.env.MIEN_URL, token: process.env.MIEN_TOKEN });
const picture = new Uint8Array(await readFile(process.env.MIEN_PICTURE));

async function refusal(promise) {
  const error = await promise.then(() => assert.fail("it was not refused"), (e) => e);
  assert.ok(error instanceof ProblemError, String(error));
  return error;
}

test("records, states and pages", async () => {
  const { data: list } = await mien.listCreate({ body: { name: "client", purpose: "identification" } });
  const consents = [{ purpose: "identification", method: "form" }];
  for (const name of ["A", "B", "C"]) await mien.personCreate({ body: { name, consents, lists: [list.list_id] } });
  const names = [];
  for await (const person of mien.peopleListAll({ list: list.list_id, limit: 1, sort: "name" })) names.push(person.name);
  assert.deepEqual(names, ["A", "B", "C"]);
  assert.match((await mien.peopleListCsv({ list: list.list_id })).data, /\bB\b/);

  const exported = await new Response((await mien.peopleExport({ reason: "a move", list: list.list_id })).data).text();
  assert.deepEqual(exported.trimEnd().split("\n").slice(1).map((line) => JSON.parse(line).name).sort(), names);

  const imported = await mien.peopleImport({ dryRun: true, body: exported });
  assert.deepEqual([imported.data.people_known, imported.data.refused], [3, 0]);
  const stream = new Blob([exported]).stream();
  assert.equal((await mien.peopleImport({ dryRun: true, body: stream })).data.people_known, 3);

  const matched = await new Response((await mien.listDuplicates({ listId: list.list_id, body: {} })).data).text();
  assert.equal(JSON.parse(matched.trimEnd().split("\n").at(-1)).result.complete, true);

  const { data: people } = await mien.peopleList({ list: list.list_id, limit: 1, sort: "name" });
  const { person } = people.people[0];
  const { etag } = await mien.personGet({ person });
  const changed = await mien.personChange({ person, ifMatch: etag, body: { name: "Anna" } });
  assert.notEqual(changed.etag, etag);
  const stale = await refusal(mien.personChange({ person, ifMatch: etag, body: { name: "Eve" } }));
  assert.deepEqual([stale.status, stale.code], [412, "precondition_failed"]);
  assert.equal((await mien.personErase({ person })).data.erased, true);
  assert.equal((await refusal(mien.personGet({ person }))).code, "not_found");
});

test("from a picture to a name", async () => {
  const { data: list } = await mien.listCreate({ body: { name: "client faces", purpose: "identification" } });
  const consents = [{ purpose: "identification", method: "form" }];
  const { data: anna } = await mien.personCreate({ body: { name: "Anna", consents, lists: [list.list_id] } });
  assert.equal((await refusal(mien.faceCreate({ person: anna.person, body: new Uint8Array([1, 2, 3]) }))).status, 415);
  const enrolled = await mien.faceCreate({ person: anna.person, onDuplicate: "report", body: picture });
  assert.equal(enrolled.status, 201);
  const { data: detected } = await mien.detect({ body: new Blob([picture], { type: "image/jpeg" }) });
  assert.equal(detected.images[0].faces.length, 1);
  const { data: found } = await mien.identify({ list: [list.list_id], body: picture });
  assert.equal(found.images[0].faces[0].candidates[0].person, anna.person);
  const sample = await mien.sampleGet({ sample: enrolled.data.face.sample });
  assert.equal(sample.data.type, "image/jpeg");
  const nobody = await refusal(mien.identify({ list: ["01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07"], body: picture }));
  assert.ok(nobody.status === 404 || nobody.status === 400, `${nobody.status}`);
});
