import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of a folder: path (with `/`) to the sha256 of the content. Links are followed at the top only. */
export async function files(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  async function walk(folder: string, below: string) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) await walk(join(folder, entry.name), path);
      else found.set(path, createHash('sha256').update(await readFile(join(folder, entry.name))).digest('hex'));
    }
  }
  await walk(root, '');
  return found;
}

/** One digest over a whole folder: every path and every byte. */
export async function treeDigest(root: string): Promise<string> {
  const lines = [...(await files(root))].map(([path, hash]) => `${hash}  ${path}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}
