// The fold of the proof: which leaves and hashes a batch of records means. It holds all who have
// won, so what was not kept of the log is read from its beginning; records that are in the trees
// already change the fold and nothing else.

import { setImmediate as otherWork } from 'node:timers/promises'
import { AwayWinners } from '../../domain/coupons/away-winners.ts'
import type { Command } from '../../domain/coupons/decide.ts'
import { applyCommand, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { Winners } from '../../domain/coupons/winners.ts'
import { keptLevel } from '../../domain/proof/kept-nodes.ts'
import { applyAsLeaf } from '../../domain/proof/leaf.ts'
import { appendLeaf, emptyTree, leafHash } from '../../domain/proof/tree.ts'
import { saltOf, whoOf } from '../../domain/proof/who.ts'
import type { LogRecord } from '../../ports/log.ts'
import { type PartitionReading, writtenByNewer } from '../../ports/partition-reader.ts'
import type { ProofEntries, ProofNode, ProofTree, StoredProof } from '../../ports/proof.ts'
import type { PublishedBefore } from './published-before.ts'

export type ProofFoldParts = {
  /** What is known of the log below where reading begins. */
  fold: Fold
  /** Those of a coupon that were not kept. */
  winnersOf(coupon: Coupon, away: AwayWinners): Promise<Winners>
  secret: string
  stored: StoredProof
  before: PublishedBefore
}
export type ProofMade = { trees: ProofTree[]; entries: ProofEntries[]; nodes: ProofNode[] }
export type ProofFold = {
  reading: Required<
    Pick<PartitionReading<Command>, 'decode' | 'before' | 'onMessage' | 'onUnknown'>
  >
  /** What the records mean that were taken since; text: what was published says otherwise. */
  apply(): Promise<ProofMade | string>
  tree(couponId: string): ProofTree | undefined
}

/** So many are read at once for a leaf among them. */
const leavesPerRowMax = 1_000
/** Two milliseconds of work; then others in this thread have their turn. */
const leavesPerTurn = 200

export function createProofFold(parts: ProofFoldParts): ProofFold {
  const { fold, stored, before, secret } = parts
  const trees = new Map(stored.trees.map((tree): [string, ProofTree] => [tree.couponId, tree]))
  let taken: Command[] = []

  function treeOf({ message: { couponId }, partition }: Command): ProofTree {
    const known = trees.get(couponId)
    if (known !== undefined) return known
    return { couponId, partition, at: 0, tree: emptyTree() }
  }

  /** Whether a user had won it is part of what its leaves say. */
  async function takeBack(coupon: Coupon, away: AwayWinners): Promise<void> {
    coupon.winners = await parts.winnersOf(coupon, away)
  }

  /** Text: what was published says otherwise. */
  function add(command: Command, made: Making): string | null {
    const own = treeOf(command)
    const { couponId, tree } = own
    const { leaf } = applyAsLeaf(command, {
      fold,
      whoOf(userId) {
        made.who = whoOf(saltOf(secret, { couponId, userId }), userId)
        return made.who
      },
      before: { size: tree.size, at: own.at },
    })
    if (leaf === null) return null
    trees.set(couponId, own)
    made.trees.set(couponId, own)
    own.at = leaf.at
    const entries = entriesFor(made, own)
    entries.leaves.push(leaf.text)
    if (command.message.type === 'coupon.claimed') entries.whos.push(made.who)
    appendLeaf(tree, leafHash(leaf.text), (level, index, hash) => {
      if (level >= keptLevel) made.nodes.push({ couponId, level, index, hash })
    })
    return before.fault(couponId, tree)
  }

  return {
    reading: {
      decode: (record) => readRecord(fold, record),
      before({ message }) {
        const coupon = fold.coupons.get(message.couponId)
        return coupon?.winners instanceof AwayWinners ? takeBack(coupon, coupon.winners) : undefined
      },
      onMessage(command) {
        const next = stored.positions.get(command.partition) ?? 0
        if (command.offset < next) applyCommand(fold, command)
        else taken.push(command)
      },
      onUnknown: notUnderstood,
    },
    async apply() {
      const commands = taken
      taken = []
      const made: Making = { trees: new Map(), entries: [], open: new Map(), nodes: [], who: '' }
      for (const [n, command] of commands.entries()) {
        if (n % leavesPerTurn === leavesPerTurn - 1) await otherWork()
        const fault = add(command, made)
        if (fault !== null) return fault
      }
      return { trees: [...made.trees.values()], entries: made.entries, nodes: made.nodes }
    },
    tree: (couponId) => trees.get(couponId),
  }
}

type OpenEntries = ProofEntries & { leaves: string[]; whos: string[] }
/** `who`: the one that was asked for last. */
type Making = {
  trees: Map<string, ProofTree>
  entries: OpenEntries[]
  open: Map<string, OpenEntries>
  nodes: ProofNode[]
  who: string
}

/** Where the next leaf of this coupon goes. */
function entriesFor(made: Making, { couponId, tree }: ProofTree): OpenEntries {
  const open = made.open.get(couponId)
  if (open !== undefined && open.leaves.length < leavesPerRowMax) return open
  const opened = { couponId, first: tree.size, leaves: [], whos: [] }
  made.open.set(couponId, opened)
  made.entries.push(opened)
  return opened
}

function notUnderstood(reason: string, { partition, offset }: LogRecord): never {
  const stopped = `the proof cannot read record ${offset} of partition ${partition}: ${reason}`
  throw writtenByNewer(stopped, 'start that version here too')
}
