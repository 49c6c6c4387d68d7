// A throwaway Kafka of one or three brokers, without containers: Apache's own jars on Java, each
// broker a process that can be paused, killed and started again. It also starts again what lies
// in a directory. The jars are in kafka-jars.ts, the settings in kafka-settings.ts.

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaJars } from './kafka-jars.ts'
import { type KafkaLayout, kafkaLayout, nodeProperties } from './kafka-settings.ts'
import { type ServerProcess, startServerProcess, waitFor } from './server-process.ts'

export type KafkaOptions = {
  brokers?: 1 | 3
  /** Kept after stop(); absent: a new one, removed by stop(). */
  directory?: string
  /** For clients, one per broker; absent: free ones. Ports kept in the directory come first. */
  ports?: readonly number[]
  /** Where a proxy stands before the brokers: its ports, which clients are told of. */
  advertisedPorts?: readonly number[]
  /** Of the listener for clients: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. */
  protocol?: string
  settings?: Readonly<Record<string, string>>
  /** More for `kafka-storage format`, such as the first users. */
  formatting?: readonly string[]
  /** For what is measured: Java optimizes as for a long life, which doubles what a start costs. */
  longLived?: boolean
}
export type KafkaNode = {
  port: number
  readonly process: ServerProcess
  pause(): void
  resume(): void
  /** kill −9. */
  crash(): Promise<void>
  /** SIGTERM. */
  stop(): Promise<void>
  start(): Promise<void>
}
export type Kafka = { brokers: string; nodes: KafkaNode[]; stop(): Promise<void> }

/** Resolves when every broker serves. Rejects where Kafka cannot be run here, saying why. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const java = [`-XX:SharedArchiveFile=${await archivedClasses()}`]
  if (options.longLived !== true) java.push('-XX:TieredStopAtLevel=1')
  return startBrokers(options, java)
}

/**
 * Kafka's classes as Java keeps them: with them a broker starts for half of the processor time.
 * Made once per machine, by a broker that ends; Java passes them by where they do not fit.
 */
async function archivedClasses(): Promise<string> {
  const archive = `${kafkaJars()}.jsa`
  if (existsSync(archive)) return archive
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-kafka-'))
  const making = `${archive}.${process.pid}`
  try {
    const kafka = await startBrokers({ directory }, [`-XX:ArchiveClassesAtExit=${making}`])
    await kafka.stop()
    renameSync(making, archive)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return archive
}

async function startBrokers(options: KafkaOptions, java: readonly string[]): Promise<Kafka> {
  const jars = join(kafkaJars(), '*')
  const throwaway = options.directory === undefined
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'firstcome-kafka-'))
  mkdirSync(directory, { recursive: true })
  const { brokers = 1, ports, advertisedPorts } = options
  const layout = await kafkaLayout(directory, { brokers, ports, advertisedPorts })
  const nodes = layout.nodes.map((_, n) =>
    kafkaNode({ jars, java, directory, layout, nodeId: n + 1, throwaway, options }),
  )
  async function stop(): Promise<void> {
    // The last controllers cannot hand over to anybody: nothing is gained by asking politely.
    await Promise.all(nodes.map((node) => (throwaway ? node.crash() : node.stop())))
    if (throwaway) rmSync(directory, { recursive: true, force: true })
  }
  try {
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await Promise.all(nodes.map((node) => node.crash()))
    if (throwaway) rmSync(directory, { recursive: true, force: true })
    throw error
  }
  return {
    brokers: layout.nodes.map(({ advertised }) => `127.0.0.1:${advertised}`).join(),
    nodes,
    stop,
  }
}

type NodeParts = {
  jars: string
  java: readonly string[]
  directory: string
  layout: KafkaLayout
  nodeId: number
  throwaway: boolean
  options: KafkaOptions
}

function kafkaNode(parts: NodeParts): KafkaNode {
  const { jars, layout, nodeId, throwaway } = parts
  const port = layout.nodes[nodeId - 1]?.client ?? 0
  const directory = join(parts.directory, `broker-${nodeId}`)
  const properties = join(directory, 'server.properties')
  const heap = layout.nodes.length > 1 ? '-Xmx384m' : '-Xmx512m'
  const java = [heap, ...parts.java, '-XX:+UseSerialGC', '-Dlog4j2.level=INFO', '-cp', jars]
  let running: ServerProcess | null = null

  function prepare(): void {
    mkdirSync(directory, { recursive: true })
    const dataDirectory = join(directory, 'data')
    const { protocol = 'PLAINTEXT', settings: more = {} } = parts.options
    const settings = { nodeId, dataDirectory, protocol, more }
    writeFileSync(properties, nodeProperties(layout, settings))
    // Its last file: storage that was prepared by halves is prepared anew.
    if (existsSync(join(dataDirectory, 'meta.properties'))) return
    rmSync(dataDirectory, { recursive: true, force: true })
    const format = ['kafka.tools.StorageTool', 'format', '-t', layout.clusterId, '-c', properties]
    const { formatting = [] } = parts.options
    const run = spawnSync('java', [...java, ...format, ...formatting], { encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`Kafka's storage cannot be prepared: ${run.stderr}`)
  }

  function broker(): ServerProcess {
    if (running === null) throw new Error(`broker ${nodeId} was not started`)
    return running
  }

  return {
    port,
    get process() {
      return broker()
    },
    pause: () => broker().signal('SIGSTOP'),
    resume: () => broker().signal('SIGCONT'),
    crash: async () => running?.end('SIGKILL'),
    async stop() {
      if (running === null || !running.isRunning()) return
      running.signal('SIGCONT')
      await running.end('SIGTERM')
    },
    async start() {
      prepare()
      const args = [...java, 'kafka.Kafka', properties]
      const outputPath = join(directory, 'kafka.out')
      const before = existsSync(outputPath) ? statSync(outputPath).size : 0
      running = startServerProcess({ name: 'kafka', ...command(args, throwaway), directory })
      await serving(running, before)
    },
  }
}

/** A throwaway broker dies with the process that started it, however that one ends. */
function command(args: string[], throwaway: boolean): { file: string; args: string[] } {
  if (!throwaway) return { file: 'java', args }
  return { file: 'setpriv', args: ['--pdeathsig', 'KILL', 'java', ...args] }
}

/** Its own word for it: said once the controllers have let it serve. */
async function serving(broker: ServerProcess, before: number): Promise<void> {
  const printed = () => broker.output().slice(before)
  await waitFor('Kafka to serve', () => {
    if (!broker.isRunning()) throw new Error(`Kafka ended:\n${complaints(printed())}`)
    return printed().includes('Kafka Server started')
  })
}

function complaints(output: string): string {
  const lines = output.split('\n').filter((line) => /ERROR|FATAL|Exception/.test(line))
  return (lines.length > 0 ? lines : output.split('\n')).slice(-10).join('\n')
}

export type KafkaForTests = { brokers: string; stop(): Promise<void> }

/**
 * The one that FIRSTCOME_KAFKA_BROKERS names, else a throwaway one. Where Kafka cannot be had: a
 * string that says why, to skip with; under CI it throws instead, for nothing is skipped there.
 * One that is there and does not start is a failure everywhere.
 */
export async function kafkaForTests(): Promise<KafkaForTests | string> {
  const brokers = process.env.FIRSTCOME_KAFKA_BROKERS
  if (brokers !== undefined) return { brokers, stop: async () => {} }
  const kafka = await throwawayKafka()
  return typeof kafka === 'string'
    ? `${kafka}; or name a Kafka in FIRSTCOME_KAFKA_BROKERS (host:port,…)`
    : kafka
}

/** One to do anything to. Where it cannot be had, as kafkaForTests. */
export async function throwawayKafka(options: KafkaOptions = {}): Promise<Kafka | string> {
  try {
    kafkaJars()
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return error instanceof Error ? error.message : String(error)
  }
  return await startKafka(options)
}
