// npm run services: Kafka, Redis and PostgreSQL for development, as plain processes that go on when
// the command ends. Everything of theirs is in one directory: data, output, ports, and which
// process is which. Only what was started from there is ever stopped.

import { hash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { startKafka } from './kafka.ts'
import { startPostgresServer } from './postgres.ts'
import { redisInstalled, startRedis } from './redis.ts'
import { type ServerProcess, serverProcess } from './server-process.ts'

type Kept = {
  name: string
  pid: number
  /** Without it, another process may have the number by now. */
  startedAt: string
  output: string
}
type Services = {
  settings: Record<string, string>
  brokers: number
  processes: Kept[]
}

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
    const services = await up(directoryOf(program), options.brokers)
    for (const [name, value] of Object.entries(services.settings)) {
      process.stdout.write(`${name}=${value}\n`)
    }
  })
program
  .command('down')
  .description('stop them; their data is kept')
  .option('--delete', 'delete their data as well')
  .action(async (options: { delete?: boolean }) => {
    const directory = directoryOf(program)
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

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`services: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})

async function up(directory: string, asked?: 1 | 3): Promise<Services> {
  const before = read(directory)
  const brokers = asked ?? before?.brokers ?? 1
  if (before !== null && before.brokers !== brokers) {
    throw new Error(
      `the data in ${directory} is of ${before.brokers} broker(s): ` +
        '"npm run services -- down --delete" first, which deletes it',
    )
  }
  if (before?.processes.every((kept) => runningProcess(kept) !== null)) return before
  if (before !== null) await down(directory)
  mkdirSync(directory, { recursive: true })
  if (!redisInstalled()) {
    throw new Error('redis-server is not installed (on Debian: apt install redis-server)')
  }
  const services = before ?? { settings: developmentSecrets(), brokers, processes: [] }
  services.processes = []
  const keep = (name: string, started: ServerProcess, output: string) => {
    services.processes.push({ name, pid: started.pid, startedAt: startTime(started.pid), output })
    write(directory, services)
    say(`${name} runs as process ${started.pid}`)
  }

  const inDirectory = (name: string) => join(directory, name)
  const postgres = await startPostgresServer({ directory: postgresDirectory(directory) })
  keep('PostgreSQL', postgres.process(), join(postgres.directory, 'postgres.out'))
  const { FIRSTCOME_REDIS_URL: redisBefore } = services.settings
  const port = redisBefore === undefined ? {} : { port: Number(new URL(redisBefore).port) }
  const redis = await startRedis({ directory: inDirectory('redis'), ...port })
  keep('Redis', serverProcess(redis.pid(), ''), inDirectory('redis/redis.out'))
  const kafka = await startKafka({
    directory: inDirectory('kafka'),
    brokers: brokers === 3 ? 3 : 1,
  })
  kafka.nodes.forEach((node, n) => {
    const output = inDirectory(`kafka/broker-${n + 1}/kafka.out`)
    keep(`Kafka broker ${n + 1}`, node.process, output)
  })
  Object.assign(services.settings, {
    FIRSTCOME_KAFKA_BROKERS: kafka.brokers,
    FIRSTCOME_REDIS_URL: redis.url,
    FIRSTCOME_POSTGRES_URL: postgres.url,
  })
  write(directory, services)
  return services
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
  if (services === null) return say(`nothing was started in ${directory}`)
  const running = services.processes.flatMap((kept) => {
    const found = runningProcess(kept)
    return found === null ? [] : [{ ...kept, found }]
  })
  const isBroker = ({ name }: Kept) => name.startsWith('Kafka')
  await Promise.all(running.filter(isBroker).map(end))
  await Promise.all(running.filter((kept) => !isBroker(kept)).map(end))
}

async function end({ name, found }: Kept & { found: ServerProcess }): Promise<void> {
  // For PostgreSQL it means: end the connections, write everything, and stop.
  await found.end(name === 'PostgreSQL' ? 'SIGINT' : 'SIGTERM')
  say(`${name} has stopped`)
}

function status(directory: string): void {
  const services = read(directory)
  if (services === null) {
    process.stdout.write(`nothing was started in ${directory}\n`)
    process.exitCode = 1
    return
  }
  for (const kept of services.processes) {
    const runs = runningProcess(kept) !== null
    const state = runs ? `runs as process ${kept.pid}` : `does not run; see ${kept.output}`
    process.stdout.write(`${kept.name.padEnd(16)} ${state}\n`)
    if (!runs) process.exitCode = 1
  }
}

function runningProcess({ pid, startedAt, output }: Kept): ServerProcess | null {
  const found = serverProcess(pid, output)
  return found.isRunning() && startTime(pid) === startedAt ? found : null
}

/** In ticks since the machine started: together with its number it names one process. */
function startTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
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
