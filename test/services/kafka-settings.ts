// The settings of a throwaway Kafka: KRaft, every node broker and controller, loopback only. What
// is chosen when a directory is first used (ports, cluster id) is kept in there, so that the same
// cluster can be started again.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './server-process.ts'

export type NodePorts = {
  client: number
  /** What clients are told to connect to: `client`, or a proxy before it. */
  advertised: number
  internal: number
  controller: number
}
export type KafkaLayout = { clusterId: string; nodes: NodePorts[] }
export type LayoutOptions = {
  brokers: number
  ports?: readonly number[] | undefined
  advertisedPorts?: readonly number[] | undefined
}

/** Read from the directory, or chosen and kept there. */
export async function kafkaLayout(directory: string, options: LayoutOptions): Promise<KafkaLayout> {
  const path = join(directory, 'kafka.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as KafkaLayout
  const nodes: NodePorts[] = []
  for (let n = 0; n < options.brokers; n++) {
    const client = options.ports?.[n] ?? (await freePort())
    const advertised = options.advertisedPorts?.[n] ?? client
    nodes.push({ client, advertised, internal: await freePort(), controller: await freePort() })
  }
  const layout = { clusterId: newClusterId(), nodes }
  writeFileSync(path, JSON.stringify(layout))
  return layout
}

/** Kafka's ids are 16 bytes in URL-safe base 64; one that starts with a dash is refused. */
function newClusterId(): string {
  const id = randomBytes(16)
  id.writeUInt8(id.readUInt8(0) & 0x7f)
  return id.toString('base64url')
}

export type NodeSettings = {
  /** Counted from 1. */
  nodeId: number
  dataDirectory: string
  /** Of the listener for clients. */
  protocol: string
  more: Readonly<Record<string, string>>
}

export function nodeProperties(layout: KafkaLayout, settings: NodeSettings): string {
  const { nodeId, dataDirectory, protocol, more } = settings
  const ports = layout.nodes[nodeId - 1]
  if (ports === undefined) throw new Error(`there is no node ${nodeId}`)
  const voters = layout.nodes.map(({ controller }, n) => `${n + 1}@127.0.0.1:${controller}`)
  const replicas = String(layout.nodes.length)
  const inSync = layout.nodes.length > 1 ? '2' : '1'
  const host = '127.0.0.1'
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    'controller.quorum.voters': voters.join(),
    listeners: [
      `CLIENT://${host}:${ports.client}`,
      `INTERNAL://${host}:${ports.internal}`,
      `CONTROLLER://${host}:${ports.controller}`,
    ].join(),
    'advertised.listeners': [
      `CLIENT://${host}:${ports.advertised}`,
      `INTERNAL://${host}:${ports.internal}`,
    ].join(),
    'listener.security.protocol.map': `CLIENT:${protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDirectory,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker comes back only when the controller has given its registration up.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // A replica that has stopped leaves the in-sync set after this long.
    'replica.lag.time.max.ms': '5000',
    'log.retention.ms': '-1',
    ...more,
  }
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}
