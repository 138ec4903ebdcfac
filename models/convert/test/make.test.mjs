// The command: same bytes every time, nothing done twice, plain words when something is missing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const CONVERT = fileURLToPath(new URL('..', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'mien-make-'));
after(() => rmSync(out, { recursive: true }));

function run(script, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(CONVERT, script), ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('the offline pack comes out as the manifest says, and is then left alone', () => {
  assert.equal(run('make.mjs', '--pack', 'offline', '--out', out).status, 0);
  const file = join(out, 'offline/made/dlib_resnet_150.int8.onnx');
  const written = statSync(file).mtimeMs;
  const again = run('make.mjs', '--pack', 'offline', '--out', out);
  assert.equal(again.status, 0);
  assert.doesNotMatch(again.stdout, / made\n/);
  assert.equal(statSync(file).mtimeMs, written);
});

test('a damaged file is made again', () => {
  const file = join(out, 'offline/made/facemesh_192.onnx');
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(1));
  assert.match(run('make.mjs', '--pack', 'offline', '--out', out).stdout, /facemesh_192.onnx made\n/);
  assert.ok(readFileSync(file).equals(whole));
});

test('what is missing is named, and what to do', () => {
  const standard = run('make.mjs', '--pack', 'standard', '--out', out);
  assert.equal(standard.status, 3);
  assert.match(standard.stderr, /yunet-n is not in .*: run "mien models pull", or give --mirror/);
  const packages = run('make.mjs', '--from', join(out, 'nowhere'), '--out', out);
  assert.equal(packages.status, 3);
  assert.match(packages.stderr, /run "npm ci --ignore-scripts"/);
  const usage = run('make.mjs', '--pack', 'other');
  assert.match(usage.stderr, /must be offline, standard or all/);
});

test('a calibration goes into the manifest', () => {
  const [manifest, points] = [join(out, 'm.json'), join(out, 'c.json')];
  writeFileSync(manifest, '{"models":[{"task":"descriptor","name":"d","precision":"fp32"},{"task":"descriptor","name":"d","precision":"int8"}]}');
  writeFileSync(points, '{"raw":[0.1,0.2],"log10_fmr":[-1,-3],"similarity":[0.2,0.8],"cohort_mean":0.05,"extra":1}');
  assert.equal(run('set-calibration.mjs', manifest, 'd:int8', points).status, 0);
  const [fp32, int8] = JSON.parse(readFileSync(manifest, 'utf8')).models;
  assert.equal(fp32.calibration, undefined);
  assert.deepEqual(int8.calibration, { raw: [0.1, 0.2], log10_fmr: [-1, -3], similarity: [0.2, 0.8], cohort_mean: 0.05 });
  const plain = '"raw":[0,1],"log10_fmr":[-1,-3],"similarity":[0,1]';
  writeFileSync(points, `{${plain},"normalised":{"least":200,"share":0.35,${plain},"measured_on":{}}}`);
  assert.equal(run('set-calibration.mjs', manifest, 'd:fp32', points).status, 0);
  assert.deepEqual(JSON.parse(readFileSync(manifest, 'utf8')).models[0].calibration.normalised,
    { least: 200, share: 0.35, raw: [0, 1], log10_fmr: [-1, -3], similarity: [0, 1] });
  writeFileSync(points, `{${plain},"normalised":{"least":200,"share":0,${plain}}}`);
  assert.match(run('set-calibration.mjs', manifest, 'd', points).stderr, /"share" must be more than 0/);
  writeFileSync(points, '{"raw":[0.2,0.1],"log10_fmr":[-1,-3],"similarity":[0.2,0.8]}');
  assert.match(run('set-calibration.mjs', manifest, 'd', points).stderr, /"raw" must rise/);
});
