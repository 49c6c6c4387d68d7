// The commands that lead to a sale on several nodes, as the README has them, on real Kafka,
// PostgreSQL and Redis that they start themselves, also after a start of these that was broken off.
// Only the ports are others: these may be taken.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kafkaJars } from '../../services/kafka-jars.ts'
import { findPostgres } from '../../services/postgres.ts'
import { redisInstalled } from '../../services/redis.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { sectionsOf } from './markdown.ts'

const root = join(import.meta.dirname, '../../..')
const waitMsMax = 240_000
const readySecondsMax = 120

/** Why the servers cannot run here; under CI that is a failure. */
function whySkipped(): string | false {
  try {
    kafkaJars()
    if (findPostgres() === null) throw new Error('PostgreSQL is not installed')
    if (!redisInstalled()) throw new Error('redis-server is not installed')
    return false
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return error instanceof Error ? error.message : String(error)
  }
}

test('The commands for several nodes lead to a sale that is fair.', {
  skip: whySkipped(),
  timeout: waitMsMax,
}, async () => {
  const readme = sectionsOf(readFileSync(join(root, 'README.md'), 'utf8'))
  const blocks = readme.find(({ title }) => title === 'Several nodes')?.blocks ?? []
  const [begin, prove] = blocks.map(({ text }) => text)
  assert.ok(begin !== undefined && prove !== undefined && blocks.length === 2)
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()]
  const here = (text: string) =>
    ports.reduce((result, port, n) => result.replaceAll(String(8091 + n), String(port)), text)
  const folder = mkdtempSync(join(tmpdir(), 'firstcome-nodes-'))
  for (const name of ['bin', 'node_modules', 'package.json', 'sql', 'src', 'test']) {
    symlinkSync(join(root, name), join(folder, name))
  }
  const ready = (port: number) => `curl -sf http://127.0.0.1:${port}/readyz`
  // A service that was started before, as the README has it, keeps its port.
  assert.ok(!blocks.some(({ text }) => /808\d/.test(text)))
  const waiting = ports.slice(0, 2).map(ready).join(' && ')
  const script = [
    'set -e',
    here(begin),
    `for i in {1..${readySecondsMax}}; do { ${waiting}; } && break; sleep 1; done`,
    here(prove),
  ].join('\n')
  writeFileSync(join(folder, 'script'), script)
  const env = {
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
    HOME: process.env.HOME ?? '',
  }
  const run = (command: string, args: string[]) => {
    const child = spawn(command, args, { cwd: folder, env, detached: true })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
    }
    const ended = once(child, 'exit').then(([code]) => code as number | null)
    return { group: child.pid ?? 0, ended, output: () => printed }
  }
  /** Before it has started all of them. */
  async function upUntil(said: string, signal: NodeJS.Signals): Promise<void> {
    const started = run(process.execPath, ['test/services/services.ts', 'up'])
    await waitFor(said, () => started.output().includes(said))
    process.kill(started.group, signal)
    assert.equal(await started.ended, signal === 'SIGINT' ? 130 : null, started.output())
  }
  let shell: ReturnType<typeof run> | undefined
  try {
    await upUntil('PostgreSQL runs', 'SIGINT')
    const status = run('npm', ['run', '--silent', 'services', '--', 'status'])
    assert.equal(await status.ended, 1)
    assert.doesNotMatch(status.output(), /runs as/)
    await upUntil('Redis runs', 'SIGKILL')
    shell = run('bash', ['script'])
    assert.equal(await shell.ended, 0, shell.output())
    assert.match(shell.output(), /Every promise was kept\.[^]*Every promise holds\./)
  } finally {
    // The roles that the shell has left behind are in its group.
    if (shell && groupLives(shell.group)) process.kill(-shell.group, 'SIGTERM')
    const down = run('npm', ['run', '--silent', 'services', '--', 'down', '--delete'])
    assert.equal(await down.ended, 0, down.output())
    rmSync(folder, { recursive: true, force: true })
  }
})

function groupLives(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}
