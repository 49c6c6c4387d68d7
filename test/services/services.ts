// npm run services: Kafka, Redis and PostgreSQL for development, as plain processes that go on when
// the command ends. Everything of theirs is in one directory: data, output, ports, and which
// process is which. Only what was started from there is ever stopped.

import { hash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { startKafka } from './kafka.ts'
import { startPostgresServer } from './postgres.ts'
import { redisInstalled, startRedis } from './redis.ts'
import { type ServerProcess, startedServer } from './server-process.ts'

type Services = { settings: Record<string, string>; brokers: number }
/** Which of them there should be; `found` while it runs. */
type Server = { name: string; output: string; found: ServerProcess | null }

const namesOfServers = [
  'FIRSTCOME_KAFKA_BROKERS',
  'FIRSTCOME_REDIS_URL',
  'FIRSTCOME_POSTGRES_URL',
] as const

const program = new Command('services')
  .description('Kafka, Redis and PostgreSQL for development, as plain processes on free ports.')
  .option('--directory <dir>', 'where their data is', './.services')
  .addHelpText(
    'after',
    `
Examples:
  $ npm run services -- up
  $ export $(npm run --silent services -- up)
  $ npm run services -- up --brokers 3
  $ npm run services -- down --delete`,
  )
program
  .command('up')
  .description('start what does not run, and print their settings as NAME=value lines')
  .option('--brokers <count>', 'of Kafka: 1 or 3', brokerCount)
  .action(async (options: { brokers?: 1 | 3 }) => {
    const settings = await upUnlessInterrupted(directoryOf(program), options.brokers)
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
    process.stdout.write(lines.join(''))
  })
program
  .command('down')
  .description('stop them; their data is kept')
  .option('--delete', 'delete their data as well')
  .action(async (options: { delete?: boolean }) => {
    const directory = directoryOf(program)
    if (read(directory) === null) say(`nothing was started in ${directory}`)
    await down(directory)
    if (options.delete !== true) return
    for (const path of [directory, postgresDirectory(directory)]) {
      rmSync(path, { recursive: true, force: true })
    }
  })
program
  .command('status')
  .description('which of them run; exit code 1 where one does not')
  .action(() => status(directoryOf(program)))

process.stdout.on('error', fail)
await program.parseAsync().catch(fail)

function fail(error: unknown): void {
  say(`services: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** By Ctrl-C everything that was started is stopped again, and it ends as by that signal. */
async function upUnlessInterrupted(
  directory: string,
  asked?: 1 | 3,
): Promise<Services['settings']> {
  const interrupted = Promise.withResolvers<number>()
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.once(signal, () => interrupted.resolve(128 + number))
  }
  const stopping = new AbortController()
  const starting = up(directory, { asked, signal: stopping.signal })
  // A program that was waited for ends by the same Ctrl-C, before it is heard of here.
  const failing = starting.catch(async (error: unknown) => {
    await setImmediate()
    throw error
  })
  const ended = await Promise.race([failing, interrupted.promise])
  if (typeof ended !== 'number') return ended.settings
  say('interrupted; stopping what was started')
  stopping.abort()
  await down(directory)
  // What was just being started is there by now, or has failed.
  await starting.catch(() => {})
  await down(directory)
  return process.exit(ended)
}

type Asked = { asked?: 1 | 3 | undefined; signal: AbortSignal }

async function up(directory: string, { asked, signal }: Asked): Promise<Services> {
  const before = read(directory)
  const brokers = asked ?? before?.brokers ?? 1
  if (before !== null && before.brokers !== brokers) {
    throw new Error(
      `the data in ${directory} is of ${before.brokers} broker(s): ` +
        '"npm run services -- down --delete" first, which deletes it',
    )
  }
  const isWhole = before !== null && namesOfServers.every((name) => name in before.settings)
  if (isWhole && serversOf(directory, brokers).every(({ found }) => found !== null)) return before
  await down(directory)
  mkdirSync(directory, { recursive: true })
  if (!redisInstalled()) {
    throw new Error('redis-server is not installed (on Debian: apt install redis-server)')
  }
  const services = before ?? { settings: developmentSecrets(), brokers }
  write(directory, services)
  const urls = await startAll(directory, { services, signal })
  Object.assign(services.settings, urls)
  write(directory, services)
  return services
}

async function startAll(
  directory: string,
  { services, signal }: { services: Services; signal: AbortSignal },
): Promise<Record<(typeof namesOfServers)[number], string>> {
  const started = (name: string, pid: number) => {
    say(`${name} runs as process ${pid}`)
    signal.throwIfAborted()
  }
  const postgres = await startPostgresServer({ directory: postgresDirectory(directory) })
  started('PostgreSQL', postgres.process().pid)
  const { FIRSTCOME_REDIS_URL: redisBefore } = services.settings
  const port = redisBefore === undefined ? {} : { port: Number(new URL(redisBefore).port) }
  const redis = await startRedis({ directory: join(directory, 'redis'), ...port })
  started('Redis', redis.pid())
  const brokers = services.brokers === 3 ? 3 : 1
  const kafka = await startKafka({ directory: join(directory, 'kafka'), brokers, longLived: true })
  kafka.nodes.forEach(({ process: { pid } }, n) => started(`Kafka broker ${n + 1}`, pid))
  return {
    FIRSTCOME_KAFKA_BROKERS: kafka.brokers,
    FIRSTCOME_REDIS_URL: redis.url,
    FIRSTCOME_POSTGRES_URL: postgres.url,
  }
}

/** In the order of their start. */
function serversOf(directory: string, brokers: number): Server[] {
  const at = (name: string, where: string, what: string) => ({
    name,
    output: join(where, `${what}.out`),
    found: startedServer(where, what),
  })
  return [
    at('PostgreSQL', postgresDirectory(directory), 'postgres'),
    at('Redis', join(directory, 'redis'), 'redis'),
    ...Array.from({ length: brokers }, (_, n) =>
      at(`Kafka broker ${n + 1}`, join(directory, `kafka/broker-${n + 1}`), 'kafka'),
    ),
  ]
}

/**
 * PostgreSQL refuses to run as root and runs as another user then, who may not enter a directory
 * such as /root: its data lies elsewhere then, under a name that follows from the directory.
 */
function postgresDirectory(directory: string): string {
  if (process.getuid?.() !== 0 || anyoneMayEnter(directory)) return join(directory, 'postgres')
  return join('/var/tmp', `firstcome-services-${hash('sha256', directory).slice(0, 12)}`)
}

function anyoneMayEnter(path: string): boolean {
  const mayEnter = !existsSync(path) || (statSync(path).mode & 0o001) !== 0
  return mayEnter && (path === '/' || anyoneMayEnter(dirname(path)))
}

/** In the reverse of their order; all brokers at once, for the last ones cannot hand over. */
async function down(directory: string): Promise<void> {
  const services = read(directory)
  if (services === null) return
  const running = serversOf(directory, services.brokers).filter(({ found }) => found !== null)
  const isBroker = ({ name }: Server) => name.startsWith('Kafka')
  await Promise.all(running.filter(isBroker).map(end))
  await Promise.all(running.filter((server) => !isBroker(server)).map(end))
}

async function end({ name, found }: Server): Promise<void> {
  // For PostgreSQL it means: end the connections, write everything, and stop.
  await found?.end(name === 'PostgreSQL' ? 'SIGINT' : 'SIGTERM')
  say(`${name} has stopped`)
}

function status(directory: string): void {
  const services = read(directory)
  if (services === null) {
    process.stdout.write(`nothing was started in ${directory}\n`)
    process.exitCode = 1
    return
  }
  for (const { name, output, found } of serversOf(directory, services.brokers)) {
    const state = found === null ? `does not run; see ${output}` : `runs as process ${found.pid}`
    process.stdout.write(`${name.padEnd(16)} ${state}\n`)
    if (found === null) process.exitCode = 1
  }
}

function read(directory: string): Services | null {
  const path = statePath(directory)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Services) : null
}

function write(directory: string, services: Services): void {
  writeFileSync(statePath(directory), JSON.stringify(services, null, 2), { mode: 0o600 })
}

function statePath(directory: string): string {
  return join(directory, 'services.json')
}

/** All processes of firstcome must have the same two. */
function developmentSecrets(): Record<string, string> {
  const secret = () => randomBytes(32).toString('base64url')
  return { FIRSTCOME_JWT_SECRET: secret(), FIRSTCOME_CODE_SECRET: secret() }
}

function directoryOf(command: Command): string {
  return resolve(command.opts<{ directory: string }>().directory)
}

function brokerCount(text: string): 1 | 3 {
  if (text === '1') return 1
  if (text === '3') return 3
  throw new InvalidArgumentError('1 or 3')
}

function say(what: string): void {
  process.stderr.write(`${what}\n`)
}
