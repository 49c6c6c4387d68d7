// Membership in a Kafka consumer group, for the sharing out of partitions and nothing else: what
// was read is stored with its effect, and that fences whoever has lost a partition and does not
// know it yet. Step by step a member finds the coordinator, joins, and sends heartbeats until it
// has to join again. One that was thrown out, or whose broker was away, comes back by itself.

import {
  type Connection,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV5,
  offsetCommitV8,
  Reader,
  syncGroupV5,
  Writer,
} from '@platformatic/kafka'
import { sleep } from '../../ports/clock.ts'
import type { JoinOptions, Membership } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { askAnyBroker, type Cluster, watchOutage } from './cluster.ts'
import { ask, type Broker, errorName, type Links, reasonOf } from './connection.ts'

/** Kafka's error codes that a member acts upon. */
const unknownMember = 25
const memberIdRequired = 79
/** Also: an illegal generation (22), a rebalance in progress (27). */
const joinAgain = [22, 27, unknownMember, memberIdRequired]
/** Trying again does not help: settings or rights are wrong. */
const fatal = [23, 24, 26, 29, 30, 31, 81]

const protocolType = 'consumer'
const protocolName = 'firstcome'

export class Member implements Membership {
  /** Next offsets, for lag tools. */
  private readonly positions = new Map<number, number>()
  private readonly cluster: Cluster
  private readonly options: JoinOptions
  private readonly links: Links
  private readonly ending = new AbortController()
  private readonly done: Promise<void>
  private coordinator: Broker | null = null
  /** As the coordinator knows it; empty before it has given one. */
  private memberId = ''
  private generation = -1
  private joined = false
  private share = 'none yet'
  private committedAt = 0
  /** Heartbeats come quickly while something happens, so that shares move quickly. */
  private activeAt = 0

  constructor(cluster: Cluster, options: JoinOptions) {
    this.cluster = cluster
    this.options = options
    // The coordinator answers who joins when every member has joined again.
    this.links = cluster.newLinks(2 * cluster.limits.sessionMs)
    this.done = this.run().catch((error: unknown) => options.onError(error))
  }

  async commit(next: ReadonlyMap<number, number>): Promise<void> {
    for (const [partition, offset] of next) this.positions.set(partition, offset)
    this.activeAt = this.cluster.clock.monotonic()
  }

  async leave(): Promise<void> {
    if (this.ending.signal.aborted) return this.done
    this.ending.abort()
    // What waits for an answer is cut off: only the leaving itself is worth a wait.
    this.links.close()
    await this.done
    const parting = this.cluster.newLinks()
    await this.part(parting).catch(() => {})
    parting.close()
  }

  private async run(): Promise<void> {
    const { clock } = this.cluster
    const { signal } = this.ending
    const outage = watchOutage(this.cluster, `the group ${this.options.group}`)
    while (!signal.aborted) {
      try {
        await this.step()
        outage.worked()
        await sleep(clock, this.joined ? this.untilBeatMs() : 0, signal)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof PortError) throw error
        outage.failed(reasonOf(error))
        this.coordinator = null
        await this.cluster.waitAndRefresh(signal)
      }
    }
  }

  private untilBeatMs(): number {
    const { clock, limits } = this.cluster
    const rests = clock.monotonic() - this.activeAt >= limits.restsAfterMs
    return rests ? limits.restingHeartbeatMs : limits.heartbeatMs
  }

  /** Joins where it has not, else sends a heartbeat. Throws what may pass, or a PortError. */
  private async step(): Promise<void> {
    this.coordinator ??= await this.findCoordinator()
    // A heartbeat is answered at once, or the coordinator is away.
    const links = this.joined ? this.cluster.links : this.links
    const connection = await links.to(this.coordinator)
    await (this.joined ? this.beat(connection) : this.join(connection))
  }

  private findCoordinator(): Promise<Broker> {
    return askAnyBroker(this.cluster, async (connection) => {
      const answer = await ask(connection, findCoordinatorV4.api, [0, [this.options.group]])
      const [found] = answer.coordinators
      if (found !== undefined && found.errorCode === 0) return found
      this.checkFatal(found?.errorCode ?? 0)
      throw new Error(`it has no coordinator: ${errorName(found?.errorCode ?? -1)}`)
    })
  }

  private async join(connection: Connection): Promise<void> {
    const { topic, group, onAssigned } = this.options
    const { sessionMs } = this.cluster.limits
    const protocols = [{ name: protocolName, metadata: encodeSubscription(topic) }]
    const joining = await ask(connection, joinGroupV7.api, [
      ...([group, sessionMs, sessionMs, this.memberId, null, protocolType, protocols] as const),
    ])
    if (joining.errorCode === memberIdRequired) this.memberId = joining.memberId
    if (!this.isAccepted(joining.errorCode)) return
    const { memberId, generationId: generation, leader } = joining
    Object.assign(this, { memberId, generation })
    const assignments = leader === memberId ? this.assign(joining.members) : []
    const syncing = await ask(connection, syncGroupV5.api, [
      ...([group, generation, memberId, null, protocolType, protocolName, assignments] as const),
    ])
    if (!this.isAccepted(syncing.errorCode)) return
    this.joined = true
    this.activeAt = this.cluster.clock.monotonic()
    const partitions = decodeAssignment(syncing.assignment, topic).toSorted((a, b) => a - b)
    if (partitions.join() === this.share) return
    this.share = partitions.join()
    onAssigned(partitions)
  }

  /** All members of a group read the same topic. */
  private assign(members: readonly { memberId: string; metadata: Buffer }[]) {
    const { topic } = this.options
    const readers = members.filter(({ metadata }) => decodeSubscription(metadata).includes(topic))
    const names = readers.map(({ memberId }) => memberId)
    const shares = shareOut(names, this.cluster.topic(topic).leaders.length)
    return [...shares].map(([memberId, partitions]) => {
      return { memberId, assignment: encodeAssignment(topic, partitions) }
    })
  }

  private async beat(connection: Connection): Promise<void> {
    const { clock, limits } = this.cluster
    const identity = [this.options.group, this.generation, this.memberId, null] as const
    const answer = await ask(connection, heartbeatV4.api, [...identity])
    if (!this.isAccepted(answer.errorCode)) return
    if (clock.monotonic() - this.committedAt >= limits.commitMs) await this.tell(connection)
  }

  /** What fails here is sent again with the next; nothing depends on it. */
  private async tell(connection: Connection): Promise<void> {
    const { group, topic } = this.options
    this.committedAt = this.cluster.clock.monotonic()
    if (this.positions.size === 0) return
    const partitions = [...this.positions].map(([partitionIndex, offset]) => {
      return { partitionIndex, committedOffset: BigInt(offset), committedLeaderEpoch: -1 }
    })
    this.positions.clear()
    const identity = [group, this.generation, this.memberId, null] as const
    await ask(connection, offsetCommitV8.api, [...identity, [{ name: topic, partitions }]])
  }

  private async part(links: Links): Promise<void> {
    const { memberId, coordinator } = this
    if (memberId === '' || coordinator === null) return
    const connection = await links.to(coordinator)
    if (this.joined) await this.tell(connection)
    await ask(connection, leaveGroupV5.api, [this.options.group, [{ memberId }]])
  }

  /** False: to join again. Throws where the coordinator is another, or not ready. */
  private isAccepted(code: number): boolean {
    if (code === 0) return true
    if (code === unknownMember) this.memberId = ''
    if (joinAgain.includes(code)) {
      this.joined = false
      return false
    }
    this.checkFatal(code)
    throw new Error(errorName(code))
  }

  private checkFatal(code: number): void {
    if (!fatal.includes(code)) return
    const { group, topic } = this.options
    const message = `the group ${group} of ${topic} cannot be joined: ${errorName(code)}`
    throw new PortError('log_unavailable', message)
  }
}

/**
 * What the members tell each other through the coordinator is in the format of Kafka's own
 * consumers, so that its tools can show who reads what; in the version that every one can read.
 */
const protocolVersion = 0

export function encodeSubscription(topic: string): Buffer {
  return Writer.create()
    .appendInt16(protocolVersion)
    .appendArray([topic], (writer, name) => void writer.appendString(name, false), false, false)
    .appendBytes(null, false).buffer
}

export function decodeSubscription(bytes: Buffer): string[] {
  return readerOf(bytes).readArray((reader) => reader.readString(false), false, false)
}

export function encodeAssignment(topic: string, partitions: readonly number[]): Buffer {
  return Writer.create()
    .appendInt16(protocolVersion)
    .appendArray(
      [topic],
      (writer, name) =>
        void writer
          .appendString(name, false)
          .appendArray([...partitions], (to, p) => void to.appendInt32(p), false, false),
      false,
      false,
    )
    .appendBytes(null, false).buffer
}

/** Empty where the coordinator has nothing for this member. */
export function decodeAssignment(bytes: Buffer, topic: string): number[] {
  if (bytes.length === 0) return []
  const shares = readerOf(bytes).readArray(
    (reader) => ({
      topic: reader.readString(false),
      partitions: reader.readArray((from) => from.readInt32(), false, false),
    }),
    false,
    false,
  )
  return shares.filter((share) => share.topic === topic).flatMap(({ partitions }) => partitions)
}

function readerOf(bytes: Buffer): Reader {
  const reader = Reader.from(bytes)
  reader.readInt16()
  return reader
}

/** Every partition to one member, each member about as many, the same whoever computes it. */
export function shareOut(members: readonly string[], partitions: number): Map<string, number[]> {
  const sorted = members.toSorted()
  const shares = new Map(sorted.map((member): [string, number[]] => [member, []]))
  for (let p = 0; p < partitions && sorted.length > 0; p++) {
    shares.get(sorted[p % sorted.length] ?? '')?.push(p)
  }
  return shares
}
