// One member of a consumer group and what it says to the group's coordinator: step by step it finds
// the coordinator, joins, and then says that it lives, until it is told to join again.

import {
  type Connection,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka'
import { type JoinOptions, PortError } from '../../ports/coupons.ts'
import type { Cluster } from './cluster.ts'
import { ask, type Broker, errorName, type Links, reasonOf } from './connection.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  shareOut,
} from './group-protocol.ts'

export type MemberParts = JoinOptions & { cluster: Cluster; links: Links }
export type Member = {
  /** Next offsets to tell to lag tools. */
  positions: Map<number, number>
  hasJoined(): boolean
  /** Joins where it has not, else says that it lives. Throws what may pass, or a PortError. */
  step(): Promise<void>
  forgetCoordinator(): void
  leave(links: Links): Promise<void>
}

/** Kafka's error codes that a member acts upon. */
const illegalGeneration = 22
const unknownMember = 25
const rebalanceInProgress = 27
const memberIdRequired = 79
/** Trying again does not help: settings or rights are wrong. */
const hopeless = [23, 24, 26, 29, 30, 31, 81]

const protocolType = 'consumer'
const protocolName = 'firstcome'

type Standing = {
  coordinator: Broker | null
  /** As the coordinator knows it; empty before it has given one. */
  memberId: string
  generation: number
  joined: boolean
  share: string
  committedAt: number
  positions: Map<number, number>
}

export function createMember(parts: MemberParts): Member {
  const standing: Standing = {
    coordinator: null,
    memberId: '',
    generation: -1,
    joined: false,
    share: 'none yet',
    committedAt: 0,
    positions: new Map(),
  }
  return {
    positions: standing.positions,
    hasJoined: () => standing.joined,
    async step() {
      standing.coordinator ??= await findCoordinator(parts)
      // A sign of life is answered at once, or the coordinator is away.
      const links = standing.joined ? parts.cluster.links : parts.links
      const connection = await links.to(standing.coordinator)
      await (standing.joined ? beat : join)(parts, standing, connection)
    },
    forgetCoordinator() {
      standing.coordinator = null
    },
    async leave(links) {
      const { memberId, coordinator, joined } = standing
      if (memberId === '' || coordinator === null) return
      const connection = await links.to(coordinator)
      if (joined) await commit(parts, standing, connection)
      await ask(connection, leaveGroupV5.api, [parts.group, [{ memberId }]])
    },
  }
}

async function findCoordinator(parts: MemberParts): Promise<Broker> {
  const { cluster, group } = parts
  let reason = 'no Kafka broker answers'
  for (const broker of cluster.brokers()) {
    try {
      const connection = await cluster.links.to(broker)
      const answer = await ask(connection, findCoordinatorV4.api, [0, [group]])
      const [found] = answer.coordinators
      if (found !== undefined && found.errorCode === 0) return found
      reason = `it has no coordinator: ${errorName(found?.errorCode ?? -1)}`
      checkHope(parts, found?.errorCode ?? 0)
    } catch (error) {
      if (error instanceof PortError) throw error
      reason = reasonOf(error)
    }
  }
  throw new Error(reason)
}

async function join(parts: MemberParts, standing: Standing, connection: Connection): Promise<void> {
  const { cluster, topic, group } = parts
  const { sessionMs } = cluster.limits
  const protocols = [{ name: protocolName, metadata: encodeSubscription(topic) }]
  const joining = await ask(connection, joinGroupV7.api, [
    ...([group, sessionMs, sessionMs, standing.memberId, null, protocolType, protocols] as const),
  ])
  if (joining.errorCode === memberIdRequired) standing.memberId = joining.memberId
  if (!isAccepted(parts, standing, joining.errorCode)) return
  const { memberId, generationId: generation, leader } = joining
  Object.assign(standing, { memberId, generation })
  const assignments = leader === memberId ? assign(parts, joining.members) : []
  const syncing = await ask(connection, syncGroupV5.api, [
    ...([group, generation, memberId, null, protocolType, protocolName, assignments] as const),
  ])
  if (!isAccepted(parts, standing, syncing.errorCode)) return
  standing.joined = true
  const partitions = decodeAssignment(syncing.assignment, topic).toSorted((a, b) => a - b)
  if (partitions.join() === standing.share) return
  standing.share = partitions.join()
  parts.onAssigned(partitions)
}

/** All members of a group read the same topic. */
function assign(
  { cluster, topic }: MemberParts,
  members: readonly { memberId: string; metadata: Buffer }[],
) {
  const readers = members.filter(({ metadata }) => decodeSubscription(metadata).includes(topic))
  const names = readers.map(({ memberId }) => memberId)
  const shares = shareOut(names, cluster.topic(topic).leaders.length)
  return [...shares].map(([memberId, partitions]) => {
    return { memberId, assignment: encodeAssignment(topic, partitions) }
  })
}

async function beat(parts: MemberParts, standing: Standing, connection: Connection): Promise<void> {
  const { clock, limits } = parts.cluster
  const { generation, memberId } = standing
  const answer = await ask(connection, heartbeatV4.api, [parts.group, generation, memberId, null])
  if (!isAccepted(parts, standing, answer.errorCode)) return
  if (clock.now() - standing.committedAt >= limits.commitMs) {
    await commit(parts, standing, connection)
  }
}

/** What fails here is told again with the next; nothing depends on it. */
async function commit(parts: MemberParts, standing: Standing, to: Connection): Promise<void> {
  const { positions, generation, memberId } = standing
  standing.committedAt = parts.cluster.clock.now()
  if (positions.size === 0) return
  const partitions = [...positions].map(([partitionIndex, offset]) => {
    return { partitionIndex, committedOffset: BigInt(offset), committedLeaderEpoch: -1 }
  })
  positions.clear()
  const topics = [{ name: parts.topic, partitions }]
  await ask(to, offsetCommitV8.api, [parts.group, generation, memberId, null, topics])
}

/** False: to join again. Throws where the coordinator is another, or not ready. */
function isAccepted(parts: MemberParts, standing: Standing, code: number): boolean {
  if (code === 0) return true
  if (code === unknownMember) standing.memberId = ''
  const again = [illegalGeneration, unknownMember, rebalanceInProgress, memberIdRequired]
  if (again.includes(code)) {
    standing.joined = false
    return false
  }
  checkHope(parts, code)
  throw new Error(errorName(code))
}

function checkHope({ group, topic }: MemberParts, code: number): void {
  if (!hopeless.includes(code)) return
  const message = `the group ${group} of ${topic} cannot be joined: ${errorName(code)}`
  throw new PortError('log_unavailable', message)
}
