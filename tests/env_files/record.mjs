// Writes `expected` of each line of table.jsonl anew: what `next build` makes of the files, by the real @next/env.
//
//   mkdir /tmp/next-env && npm install --prefix /tmp/next-env @next/env@16.4.6
//   node tests/env_files/record.mjs /tmp/next-env/node_modules/@next/env
//
// A line has a `name`, the `files` by name, and what the `shell` sets, where that matters. `expected` holds each variable
// that the process has afterwards and did not have before, or had with another value, and `refused` the files that
// @next/env says it cannot read.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [library] = process.argv.slice(2);
if (!library) throw new Error("name the folder of @next/env");
const table = fileURLToPath(new URL("table.jsonl", import.meta.url));

// A process of its own for each line: @next/env changes the variables of the process, and remembers them.
const program = `
  const [library, folder] = process.argv.slice(1);
  const before = { ...process.env };
  const refused = [];
  const log = { info() {}, error(text) { refused.push(/load env from (?:.*\\/)?(\\S+)$/.exec(text)?.[1]); } };
  require(library).loadEnvConfig(folder, false, log);
  const changed = Object.entries(process.env)
    .filter(([name, value]) => before[name] !== value && name !== "__NEXT_PROCESSED_ENV").sort();
  console.log(JSON.stringify({ expected: Object.fromEntries(changed), ...(refused.length > 0 && { refused }) }));
`;

const lines = readFileSync(table, "utf8").trimEnd().split("\n").map((line) => {
  const { name, files, shell } = JSON.parse(line);
  const folder = mkdtempSync(join(tmpdir(), "env-"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const run = spawnSync(process.execPath, ["-e", program, resolve(library), folder], { env: shell ?? {}, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  if (run.status !== 0) throw new Error(`${name}: ${run.stderr}`);
  return JSON.stringify({ name, files, ...(shell && { shell }), ...JSON.parse(run.stdout) });
});
writeFileSync(table, lines.join("\n") + "\n");
