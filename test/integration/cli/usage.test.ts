// Help, wrong usage and wrong settings, with the command line as a real process.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Command } from 'commander'
import { helpedSettings, settingNames } from '../../../src/config/setting-table.ts'
import { buildProgram } from '../../../src/main/cli/program.ts'
import {
  concurrencyDefault,
  quantityDefault,
  usersDefault,
} from '../../../src/main/commands/rehearse.ts'
import { cliPath, runCli } from '../processes/cli-process.ts'

/** A closed port of the machine: nothing may listen on it. */
const nowhere = 'http://127.0.0.1:1'

/** Each that can be typed, and those that are only above others. */
const commands = namesBelow(buildProgram({ version: '0', wire: () => {} }))

function namesBelow(above: Command, path: readonly string[] = []): string[][] {
  return above.commands.flatMap((command) => {
    const own = [...path, command.name()]
    return [own, ...namesBelow(command, own)]
  })
}

describe('Every command has help with an example of itself:', () => {
  for (const command of commands) {
    test(command.join(' '), async () => {
      const { exitCode, out, err } = await runCli([...command, '--help'])
      assert.equal(exitCode, 0)
      assert.equal(err, '')
      assert.ok(out.includes(`Usage: firstcome ${command.join(' ')}`), out)
      const [, examples = ''] = out.split('Examples:')
      assert.ok(examples.includes(`npx firstcome ${command.join(' ')}`), out)
      assert.match(out, /--data <dir>/)
      for (const line of out.split('\n')) assert.ok(line.length <= 100, line)
    })
  }
})

test('Every setting is explained by the help of a command that takes it.', async () => {
  const helps = await Promise.all(
    Object.keys(helpedSettings).map((command) => runCli([command, '--help'])),
  )
  const explained = helps.flatMap(({ out }) => out.split('\n')).map((line) => line.trim())
  // Those of tests do harm.
  const names = settingNames.filter((name) => !name.startsWith('FIRSTCOME_TEST_'))
  const missing = names.filter((name) => !explained.some((line) => line.startsWith(name)))
  assert.deepEqual(missing, [])
})

/** Where this thread of Node keeps its code, and a worker of it. */
const tellsKept = `
  import { once } from 'node:events'
  import { getCompileCacheDir } from 'node:module'
  import { Worker } from 'node:worker_threads'
  const tells = \`import { getCompileCacheDir } from 'node:module'
    import { parentPort } from 'node:worker_threads'
    parentPort.postMessage(getCompileCacheDir())\`
  process.once('beforeExit', async () => {
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(tells)), {
      execArgv: [],
    })
    const [kept] = await once(worker, 'message')
    console.log(kept === getCompileCacheDir() ? 'kept in ' + kept : 'not kept')
  })`

test('A thread of a command keeps its code compiled where the command does.', () => {
  const hook = `data:text/javascript,${encodeURIComponent(tellsKept)}`
  const env = { PATH: process.env.PATH }
  const args = ['--import', hook, cliPath, '--version']
  const { stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  assert.match(stdout, /\nkept in \S+\n$/)
})

describe('No command but a start makes a directory into a service’s:', () => {
  const made = join(tmpdir(), `firstcome-wrong-${process.pid}`)
  for (const args of [
    ['audit'],
    ['rebuild'],
    ['backup', `${made}-copy`],
    ['token', '--user', 'kim'],
    ['coupon', 'show', 'tea'],
    ['coupon', 'create', '--name', 'Tea', '--quantity', '1'],
    ['dead-letters', 'list'],
    ['rehearse'],
    ['rehearse', 'orders'],
  ]) {
    test(args.join(' ').replace(made, '<dir>'), async () => {
      const { exitCode, out, err } = await runCli([...args, '--data', made])
      assert.ok(exitCode === 2 || exitCode === 3, `${exitCode}: ${out}${err}`)
      assert.ok(!existsSync(made) && !existsSync(`${made}-copy`))
    })
  }
})

test('The help of the whole has examples, every command and every exit code.', async () => {
  const { exitCode, out } = await runCli(['--help'])
  assert.equal(exitCode, 0)
  for (const [command = ''] of commands) assert.match(out, new RegExp(`^  ${command}\\b`, 'm'))
  for (const code of [0, 1, 2, 3]) assert.match(out, new RegExp(`^  ${code}  \\S`, 'm'))
  assert.match(out, /\$ npx firstcome start/)
})

test('The version is that of the package.', async () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  const { exitCode, out } = await runCli(['--version'])
  assert.equal(exitCode, 0)
  assert.equal(out, `${version}\n`)
})

test('The help of rehearse names the defaults it has.', async () => {
  const { out } = await runCli(['rehearse', '--help'])
  for (const value of [usersDefault, quantityDefault, concurrencyDefault]) {
    assert.ok(out.includes(`(${value})`), out)
  }
})

describe('Wrong usage ends with 2, says why on standard error, and prints nothing else:', () => {
  const table: [args: string[], message: RegExp][] = [
    [[], /Usage: firstcome/],
    [['coupon'], /Usage: firstcome coupon/],
    [['tokne'], /unknown command 'tokne'\s+\(Did you mean token\?\)/],
    [['coupon', 'make'], /unknown command 'make'/],
    [['token', '--usr', 'kim'], /unknown option '--usr'\s+\(Did you mean --user\?\)/],
    [['token', 'kim'], /too many arguments/],
    [['token'], /--user NAME or --operator/],
    [['token', '--user', 'kim', '--operator'], /cannot be used with/],
    [['token', '--user', 'k\nm'], /128 characters without control/],
    [['token', '--user', 'k'.repeat(129)], /128 characters without control/],
    [['token', '--user', 'kim', '--ttl', 'long'], /'--ttl <duration>' argument 'long' is invalid/],
    [['coupon', 'create', '--name', 'x'], /required option '--quantity <number>'/],
    [['coupon', 'create', '--quantity', '1'], /required option '--name <text>'/],
    [['coupon', 'create', '--name', 'x', '--quantity', '0'], /'--quantity <number>' .*1 or more/],
    [['coupon', 'create', '--id', 'Größe', '--name', 'x', '--quantity', '1'], /a-z, 0-9 and -/],
    [['coupon', 'create', '--name', 'x', '--quantity', '1', '--opens-at', 'noon'], /such as 2026/],
    [['coupon', 'create', '--name', 'x', '--quantity', '1', '--discount', 'all'], /such as 10%/],
    [['coupon', 'show'], /missing required argument 'id'/],
    [['coupon', 'show', '../x'], /a-z, 0-9 and -/],
    [['coupon', 'show', 'x', '--url', 'localhost'], /an address such as/],
    [['coupon', 'restock', 'x'], /required option '--add <number>'/],
    [['coupon', 'restock', 'x', '--add', '1', '--key', 'schlüssel'], /printable ASCII/],
    [['coupon', 'pause', 'x', 'y'], /too many arguments/],
    [['start', '--log-level', 'loud'], /Allowed choices are trace, debug/],
    [['start', '--port', 'http'], /--port must be a whole number from 0 to 65535/],
    [['rehearse', '--users', 'all'], /'--users <number>' .*1 or more/],
    [['rehearse', '--rate', '9', '--concurrency', '9'], /cannot be used with/],
    [['audit', '--coupon', 'A'], /a-z, 0-9 and -/],
    [['audit', '--since-snapshot', '--coupon', 'a'], /cannot be used with option '--coupon <id>'/],
    [['audit', '--since-snapshot', 'a', '--checkpoint', 'b'], /cannot be used with .*--checkpoint/],
    [['order'], /unknown command 'order'/],
    [['api'], /FIRSTCOME_KAFKA_BROKERS is missing: "api" needs it/],
    [['issuer'], /FIRSTCOME_CODE_SECRET is missing: "issuer" needs it/],
    [['migrate'], /FIRSTCOME_POSTGRES_URL is missing: "migrate" needs it/],
    [['migrate', '--partitions', '0'], /'--partitions <number>' .*1 or more/],
  ]
  for (const [args, message] of table) {
    test(args.join(' ') || '(nothing)', async () => {
      const { exitCode, out, err } = await runCli(args)
      assert.match(err, message)
      assert.equal(exitCode, 2)
      assert.equal(out, '')
      assert.ok(!err.includes('    at '), err)
    })
  }
})

test('Wrong settings end with 2 and are all listed at once.', async () => {
  const env = { FIRSTCOME_PORT: 'x', FIRSTCOME_PROT: '1', FIRSTCOME_JWT_SECRET: 'short' }
  const { exitCode, err } = await runCli(['coupon', 'show', 'x', '--url', nowhere], { env })
  assert.equal(exitCode, 2)
  assert.match(err, /^firstcome: the settings are wrong:\n/)
  assert.match(err, /FIRSTCOME_PROT is not a setting; did you mean FIRSTCOME_PORT\?/)
  assert.match(err, /FIRSTCOME_PORT must be/)
  assert.match(err, /FIRSTCOME_JWT_SECRET must be/)
})

test('--verbose, or DEBUG, shows where an error comes from.', async () => {
  const verbose = await runCli(['token', '--verbose'])
  const debug = await runCli(['token'], { env: { DEBUG: '1' } })
  for (const { exitCode, err } of [verbose, debug]) {
    assert.equal(exitCode, 2)
    assert.match(err, /say whose token.*\n +at runToken/)
  }
})

test('A reader that goes away changes neither the exit code nor the message.', async () => {
  const child = spawn(process.execPath, [cliPath, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  assert.equal(err, '')
  assert.equal(exitCode, 0)
})

test('A Node that is too old is told so, before any TypeScript is read.', () => {
  const pretend = `
    Object.defineProperty(process.versions, 'node', { value: '24.15.9' })
    await import(${JSON.stringify(cliPath)})
  `
  const args = ['--input-type=module', '--eval', pretend]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.match(run.stderr, /this is Node 24.15.9; it needs 24.16 or newer/)
  assert.match(run.stderr, /npm ci/)
  assert.equal(run.status, 2)
})

test('The least Node that is taken is the one the package asks for.', () => {
  const root = join(import.meta.dirname, '../../..')
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  const source = readFileSync(cliPath, 'utf8')
  const needed = /const needed = \[(\d+), (\d+)\]/.exec(source) ?? []
  assert.equal(engines.node, `>=${needed[1]}.${needed[2]}`)
})

describe('What cannot be written is one line on standard error, and exit code 1, of', () => {
  for (const args of [
    ['--help'],
    ['--version'],
    ['coupon', '--help'],
    ['token', '--user', 'kim'],
    ['token', '--user', 'kim', '--json'],
  ]) {
    test(args.join(' '), () => {
      const { code, err } = onFullDisk(args)
      assert.equal(
        err,
        'firstcome: its output cannot be written: ENOSPC: no space left on device, write\n',
      )
      assert.equal(code, 1)
    })
  }

  test('nothing, where the command has failed anyway', () => {
    const { code, err } = onFullDisk(['coupon', 'show', 'tea', '--url', nowhere])
    assert.equal(code, 3)
    assert.match(err, /^firstcome: nothing answers/)
  })

  test('nothing, where the message itself cannot be written', () => {
    assert.equal(onFullDisk(['tokne'], 2).code, 2)
  })
})

describe('As the first process of a container a command ends by', {
  skip: mayUnshare() ? false : 'needs the right to make a namespace of processes: run it as root',
}, () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(signal, async (t) => {
      const asked = Promise.withResolvers<void>()
      const service = createServer(() => asked.resolve())
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
      t.after(() => service.close())
      t.after(() => service.closeAllConnections())
      const { port } = service.address() as { port: number }
      const show = ['coupon', 'show', 'tea', '--url', `http://127.0.0.1:${port}`]
      const inside = [process.execPath, cliPath, ...show]
      const outside = spawn('unshare', ['--pid', '--fork', '--kill-child', ...inside])
      const ended = once(outside, 'exit')
      await asked.promise
      // The signal is for the command, not for who made its namespace.
      process.kill(childOf(outside.pid ?? 0), signal)
      assert.deepEqual(await ended, [code, null])
    })
  }
})

/** `fd`: 1, standard output, or 2; the other one is read. */
function onFullDisk(args: readonly string[], fd: 1 | 2 = 1): { code: number | null; err: string } {
  const command = ['-c', `exec "$0" "$@" ${fd}>/dev/full`, process.execPath, cliPath, ...args]
  const env = { PATH: process.env.PATH, FIRSTCOME_JWT_SECRET: 'x'.repeat(32) }
  const { status, stderr } = spawnSync('sh', command, { encoding: 'utf8', env })
  return { code: status, err: stderr }
}

function mayUnshare(): boolean {
  const may = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0
  if (!may && process.env.CI === 'true') throw new Error('a namespace of processes cannot be made')
  return may
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
}
