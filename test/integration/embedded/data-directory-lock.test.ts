// The lock on the data directory, with real processes: refused, killed, stopped, let go.

import assert from 'node:assert/strict'
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { test } from 'node:test'
import { readOwner } from '../../../src/adapters/data-directory.ts'

/** How long a process may take to start and say what it got; the machine may be busy. */
const answerMsMax = 20_000
/** "At once": no waiting for the lock. The start of a process is most of it. */
const refusedMsMax = 5_000

type Got =
  | { held: true; secrets: object; code?: undefined; message?: undefined }
  | { held: false; code: string; message: string }
type Holder = { child: ChildProcessWithoutNullStreams; pid: number; got: Got }

const notLinux = process.platform !== 'linux' && 'only Linux says that a process is ending'
const running = new Set<ChildProcess>()
const holder = join(import.meta.dirname, 'data-directory-holder.ts')

async function hold(path: string, url?: string): Promise<Holder> {
  const child = spawn(process.execPath, [holder, path, ...(url === undefined ? [] : [url])])
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.stderr.pipe(process.stderr)
  const lines = createInterface(child.stdout)
  const signal = AbortSignal.timeout(answerMsMax)
  const [line] = (await once(lines, 'line', { signal })) as [string]
  return { child, pid: child.pid ?? 0, got: JSON.parse(line) as Got }
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await once(child, 'exit', { signal: AbortSignal.timeout(answerMsMax) })
}

async function inDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'firstcome-lock-'))
  try {
    await run(join(path, 'data'))
  } finally {
    for (const child of running) child.kill('SIGKILL')
    rmSync(path, { recursive: true, force: true })
  }
}

test('A second process is refused at once, with the pid and the URL of the holder.', () =>
  inDirectory(async (path) => {
    const first = await hold(path, 'http://127.0.0.1:4711')
    assert.ok(first.got.held)
    const asked = performance.now()
    const second = await hold(path)
    assert.ok(performance.now() - asked < refusedMsMax)
    assert.equal(second.got.code, 'in_use')
    assert.ok(second.got.message?.includes(`process ${first.pid},`), second.got.message)
    assert.ok(second.got.message?.includes('http://127.0.0.1:4711'), second.got.message)
    assert.equal(readOwner(path)?.pid, first.pid, 'the refused one left its own name')
  }))

test('A process that was refused does not loosen the lock.', () =>
  inDirectory(async (path) => {
    await hold(path)
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.equal((await hold(path)).got.code, 'in_use', `attempt ${attempt}`)
    }
  }))

test('A killed holder never blocks, and its secrets stay.', () =>
  inDirectory(async (path) => {
    const first = await hold(path)
    first.child.kill('SIGKILL')
    await ended(first.child)
    assert.equal(readOwner(path)?.pid, first.pid)
    const second = await hold(path)
    assert.deepEqual(second.got, first.got)
    assert.equal(readOwner(path)?.pid, second.pid)
  }))

test('A stopped holder is never robbed, and still holds when it goes on.', () =>
  inDirectory(async (path) => {
    const first = await hold(path)
    first.child.kill('SIGSTOP')
    await stopped(first.pid)
    for (let attempt = 1; attempt <= 3; attempt++) {
      const second = await hold(path)
      assert.equal(second.got.code, 'in_use', `attempt ${attempt}`)
      assert.ok(second.got.message?.includes(`process ${first.pid}`), second.got.message)
    }
    first.child.kill('SIGCONT')
    assert.equal((await hold(path)).got.code, 'in_use')
  }))

test('A holder that lets go leaves no name behind, and the next one gets in.', () =>
  inDirectory(async (path) => {
    const first = await hold(path)
    first.child.stdin.write('close\n')
    await ended(first.child)
    assert.equal(readOwner(path), null)
    assert.ok((await hold(path)).got.held)
  }))

test('A killed holder that has not ended yet is waited for.', { skip: notLinux }, () =>
  inDirectory(async (path) => {
    const first = await hold(path)
    const ending = await zombie()
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: ending, startedAt: 'x' }))
    // Who opens the directory keeps others out of its files first, then asks for the lock.
    const mark = join(path, 'mark')
    writeFileSync(mark, '')
    chmodSync(mark, 0o644)
    const second = hold(path)
    await until('the second opens it', () => (statSync(mark).mode & 0o777) === 0o600)
    first.child.stdin.write('close\n')
    assert.ok((await second).got.held)
  }),
)

/** The pid of a process that has ended, and that its parent does not ask for. */
async function zombie(): Promise<number> {
  const script = 'cat <&3 & echo $!; exec sleep 60'
  const parent = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  running.add(parent)
  parent.once('exit', () => running.delete(parent))
  const [, out, , input] = parent.stdio as unknown as [null, Readable, null, Writable]
  const [line] = (await once(createInterface(out), 'line')) as [string]
  // Until it is another program, it is a shell, which asks for whatever has ended.
  await until('its parent does not ask', () => commandOf(parent.pid).startsWith('sleep'))
  input.end()
  await until('it is over', () => stateOf(Number(line)) === 'Z')
  return Number(line)
}

function commandOf(pid: number | undefined): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

test('The name of a dead process in owner.json is not given as the holder.', () =>
  inDirectory(async (path) => {
    const gone = await hold(path)
    gone.child.kill('SIGKILL')
    await ended(gone.child)
    await hold(path)
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: gone.pid, startedAt: 'x' }))
    const { message } = (await hold(path)).got
    assert.match(message ?? '', /in use by another process/)
  }))

/** The signal is delivered later; the kernel says when (state T). */
async function stopped(pid: number): Promise<void> {
  await until('the holder is stopped', () => stateOf(pid) === 'T')
}

function stateOf(pid: number): string | undefined {
  return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + answerMsMax
  while (!isSo()) {
    assert.ok(performance.now() < deadline, `${what}: not in time`)
    await new Promise((resume) => {
      setImmediate(resume)
    })
  }
}
