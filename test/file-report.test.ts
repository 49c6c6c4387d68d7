// A run whose tests hang in each way that there is ends, and says which.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'

/** Long enough for a busy machine to begin them. */
const limitMs = 4_000
const files = {
  loops: `describe('a loop', () => { it('never ends', () => { for (;;); }) })`,
  waits: `it('waits for ever', () => new Promise(() => setInterval(() => {}, 1000)))`,
  stays: `it('leaves something behind', () => { setInterval(() => {}, 1000) })`,
  child: `it('leaves a process behind', () => {
    spawn('sleep', ['20'], { stdio: 'inherit' }).unref()
    return new Promise(() => setInterval(() => {}, 1000))
  })`,
}

describe('a run of tests that hang', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firstcome-hanging-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const imports = `import { spawn } from 'node:child_process'
import { describe, it } from 'node:test'\n`
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, `${name}.test.ts`), imports + text)
  const report = pathToFileURL(join(import.meta.dirname, 'file-report.ts')).href
  const reporter = join(folder, 'reporter.ts')
  const own = `import { fileReport } from '${report}'\nexport default fileReport(${limitMs})\n`
  writeFileSync(reporter, own)

  it('ends, and names each of them', () => {
    const running = join(import.meta.dirname, 'running-test.ts')
    const args = ['--test', '--test-concurrency=4', `--import=${pathToFileURL(running).href}`]
    const reporters = [reporter, 'spec'].flatMap((one) => {
      return [`--test-reporter=${one}`, '--test-reporter-destination=stdout']
    })
    const paths = Object.keys(files).map((name) => `${name}.test.ts`)
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const run = spawnSync(process.execPath, [...args, ...reporters, ...paths], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    })
    const ended = (name: string, test: string) => {
      const last = `the last test that began is “${test}”`
      return `✖ ${name}.test.ts did not end within ${limitMs / 1000} s: ${last}`
    }
    assert.equal(run.status, 1, run.stderr)
    const names: Record<keyof typeof files, string> = {
      loops: 'a loop > never ends',
      waits: 'waits for ever',
      stays: 'leaves something behind',
      child: 'leaves a process behind',
    }
    for (const [name, test] of Object.entries(names)) {
      assert.ok(run.stdout.includes(ended(name, test)), run.stdout)
    }
  })
})
