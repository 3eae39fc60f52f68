import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** All bytes of a server's data folder, as text. */
export async function everythingKept(server: { data: string }): Promise<string> {
  const entries = await readdir(server.data, { recursive: true, withFileTypes: true });
  const texts = entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}
