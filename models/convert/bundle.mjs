// Imports a bundle of the npm packages, for what compares itself with them (the tests, bench/js). The bundles are modules
// with the ending .js, which Node 18 takes for CommonJS; a copy that ends in .mjs is not mistaken.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export async function importBundle(url) {
  const folder = mkdtempSync(join(tmpdir(), 'mien-bundle-'));
  try {
    const copy = join(folder, 'bundle.mjs');
    copyFileSync(url, copy);
    return await import(pathToFileURL(copy));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
