// Writes a model's score calibration into a manifest.
//
//   node convert/set-calibration.mjs MANIFEST MODEL[:PRECISION] FILE
//
// FILE holds {"raw":[...],"log10_fmr":[...],"similarity":[...],"cohort_mean":...,"cohort_std":...}, as "mien eval calibrate"
// prints it, and with --normalise also "normalised":{"least":...,"share":...,"raw":[...],"log10_fmr":[...],"similarity":[...]}.
// Without a precision, every precision of the model gets it.
import { readFileSync, writeFileSync } from 'node:fs';

const LISTS = ['raw', 'log10_fmr', 'similarity'];
const NUMBERS = ['cohort_mean', 'cohort_std'];

const picked = (from, keys) => Object.fromEntries(keys.filter((key) => key in from).map((key) => [key, from[key]]));

function checkPoints(calibration) {
  const count = calibration.raw?.length;
  for (const key of LISTS)
    if (!Array.isArray(calibration[key]) || calibration[key].length !== count || count < 2 || !calibration[key].every(Number.isFinite))
      throw new Error(`"${key}" must be a list of two numbers or more, as long as the others`);
  const rises = (list, by) => list.every((v, i) => i === 0 || by(v, list[i - 1]));
  if (!rises(calibration.raw, (v, before) => v > before)) throw new Error('"raw" must rise');
  if (!rises(calibration.log10_fmr, (v, before) => v <= before)) throw new Error('"log10_fmr" must not rise');
  for (const key of NUMBERS)
    if (!Number.isFinite(calibration[key] ?? 0)) throw new Error(`"${key}" must be a number`);
}

function checked(calibration) {
  checkPoints(calibration);
  const result = picked(calibration, [...LISTS, ...NUMBERS]);
  if (!calibration.normalised) return result;
  const { least, share } = calibration.normalised;
  if (!Number.isInteger(least) || least < 3) throw new Error('"least" must be a whole number from 3 on');
  if (!(share > 0 && share <= 1)) throw new Error('"share" must be more than 0 and at most 1');
  checkPoints(calibration.normalised);
  return { ...result, normalised: picked(calibration.normalised, ['least', 'share', ...LISTS]) };
}

// Lists of numbers on one line each: a manifest is read by people too.
function print(manifest) {
  return `${JSON.stringify(manifest, null, 2).replace(/\[[-+\d.eE,\s]+\]/g, (list) => list.replace(/\s+/g, ' '))}\n`;
}

const [manifestPath, model, file] = process.argv.slice(2);
try {
  if (!file) throw new Error('usage: set-calibration.mjs MANIFEST MODEL[:PRECISION] FILE');
  const [name, precision] = model.split(':');
  const calibration = checked(JSON.parse(readFileSync(file, 'utf8')));
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  const found = manifest.models.filter((m) => m.task === 'descriptor' && m.name === name && (!precision || m.precision === precision));
  if (found.length === 0) throw new Error(`${manifestPath} has no descriptor network ${model}`);
  for (const m of found) m.calibration = calibration;
  writeFileSync(manifestPath, print(manifest));
  console.log(`${manifestPath}: ${model}: ${calibration.raw.length} points in ${found.length} entries`);
} catch (error) {
  console.error(`set-calibration: ${error.message}`);
  process.exitCode = 3;
}
