// Makes the files of the model packs that are not published ready for use.
//
//   node convert/make.mjs --pack offline|standard|all [--from node_modules] [--mirror DIR] [--out build/models] [--record]
//
// offline: everything, from the npm packages under --from. standard: what is made from published networks, which are taken
// from the pack's folder, or copied there from --mirror. A file that is there and right is left alone. Every result is
// checked against the manifest; --record writes the sums into the manifest instead, after a change of the converter.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encode } from './onnx.mjs';
import { FROM_MODELS, FROM_PACKAGES } from './recipes.mjs';

const HOME = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const PACKAGES = ['@vladmandic/human', '@vladmandic/face-api', 'onnxruntime-node'];

class Failure extends Error {}

const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');
const isRight = (bytes, model) => bytes.length === model.bytes && sum(bytes) === model.sha256;

function readArguments() {
  const { values } = parseArgs({
    options: {
      pack: { type: 'string', default: 'all' },
      from: { type: 'string', default: join(HOME, 'node_modules') },
      mirror: { type: 'string' },
      out: { type: 'string', default: join(HOME, '../build/models') },
      record: { type: 'boolean', default: false },
    },
  });
  if (!['offline', 'standard', 'all'].includes(values.pack))
    throw new Failure(`--pack ${values.pack}: must be offline, standard or all`);
  return values;
}

// The packages' versions are part of what the sums stand for.
function checkPackages(from) {
  const wanted = JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8')).dependencies;
  for (const name of PACKAGES) {
    const file = join(from, name, 'package.json');
    if (!existsSync(file)) throw new Failure(`${name} is not under ${from}: run "npm ci --ignore-scripts" in ${HOME}`);
    const { version } = JSON.parse(readFileSync(file, 'utf8'));
    if (version !== wanted[name]) throw new Failure(`${name} under ${from} is ${version}, but ${wanted[name]} is needed`);
  }
}

// A reader never sees half a file.
function writeWhole(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}

// The bytes of a published model: from the pack's folder, else from the mirror; null where neither has it.
function published(model, { folder, mirror }) {
  const places = [join(folder, model.file), ...(mirror ? [join(mirror, model.file)] : [])];
  for (const [i, path] of places.entries()) {
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    if (!isRight(bytes, model)) throw new Failure(`${path} is not ${model.name} of the manifest (size or sha256 differ): remove it`);
    if (i > 0) writeWhole(places[0], bytes);
    return bytes;
  }
  return null;
}

function make(model, manifest, place) {
  if (FROM_PACKAGES[model.file]) return encode(FROM_PACKAGES[model.file](place.from));
  const recipe = FROM_MODELS[model.file];
  if (!recipe) throw new Failure(`${model.file}: the converter has no recipe for it`);
  const source = manifest.models.find(({ file }) => file === recipe.source);
  const path = join(place.folder, recipe.source);
  const bytes = existsSync(path) ? readFileSync(path) : null;
  if (!bytes && hasStandIn(model, manifest)) return null;
  if (!bytes || !isRight(bytes, source))
    throw new Failure(`${model.file} is made from ${path}, which is not there: run "mien models pull", or give --mirror`);
  return encode(recipe.make(bytes));
}

function makeOne(model, manifest, place, record) {
  const path = join(place.folder, model.file);
  if (!record && existsSync(path) && isRight(readFileSync(path), model)) return 'is there';
  const bytes = make(model, manifest, place);
  if (!bytes) return 'missing';
  if (record) Object.assign(model, { bytes: bytes.length, sha256: sum(bytes) });
  if (!isRight(bytes, model))
    throw new Failure(`${model.file} came out with sha256 ${sum(bytes)}, but the manifest has ${model.sha256}`);
  writeWhole(path, bytes);
  return 'made';
}

// A part from the npm packages that does the same work.
function hasStandIn(model, manifest) {
  return manifest.models.some((other) => other.task === model.task && other.precision === model.precision && FROM_PACKAGES[other.file]);
}

function makePack(name, options) {
  const manifestPath = join(HOME, `${name}.json`);
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  const place = { folder: join(options.out, name), from: options.from, mirror: options.mirror };
  for (const model of manifest.models) {
    const isMade = model.file.startsWith('made/');
    const state = isMade ? makeOne(model, manifest, place, options.record) : published(model, place) ? 'is there' : 'missing';
    console.log(`${name}: ${model.file} ${state}`);
    if (state === 'missing' && !model.optional && !hasStandIn(model, manifest))
      throw new Failure(`${model.name} is not in ${place.folder}: run "mien models pull", or give --mirror`);
  }
  if (options.record) writeWhole(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
}

try {
  const options = readArguments();
  checkPackages(options.from);
  for (const name of options.pack === 'all' ? ['offline', 'standard'] : [options.pack]) makePack(name, options);
} catch (error) {
  console.error(`make: ${error.message}`);
  if (!(error instanceof Failure) && !error.code?.startsWith('ERR_PARSE_ARGS')) console.error(error.stack);
  process.exitCode = error.code?.startsWith('ERR_PARSE_ARGS') ? 2 : 3;
}
