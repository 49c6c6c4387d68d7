// Sends the batches of one flight, again and again, until each is stored or given up. A batch is
// in doubt from the moment its bytes may have left until a broker has said what became of it; it
// is worth a longer wait than one that was certainly refused.

import { type Batch, stored } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { ask, errorName, isOpen, type Links, reasonOf } from './connection.ts'
import { createNumbering, type Identity, type Numbering, nameOf } from './numbering.ts'
import { produceFate } from './produce-fate.ts'
import { type ProducedPartition, produceApi } from './requests.ts'

export type Sender = {
  /** Resolves when the outcome of every batch is decided. */
  send(batches: readonly Batch[]): Promise<void>
  close(): void
}

type Sending = { cluster: Cluster; links: Links; numbering: Numbering }

export function createSender(cluster: Cluster): Sender {
  const { limits, clock } = cluster
  const links = cluster.newLinks()
  const numbering = createNumbering(cluster)
  return {
    async send(batches) {
      const begun = clock.now()
      for (;;) {
        await tryAll({ cluster, links, numbering }, batches.filter(isUndecided))
        const left = batches.filter(isUndecided)
        const passed = clock.now() - begun
        for (const batch of left) {
          const msMax = batch.inDoubt ? limits.appendMsMax : limits.refusedAppendMsMax
          if (passed >= msMax) giveUp(batch, { reason: batch.reason, retryable: true })
        }
        if (!batches.some(isUndecided)) break
        await new Promise<void>((resolve) => clock.after(limits.retryMs, resolve))
        await cluster.refresh().catch(() => {})
      }
      // What may still arrive must not come behind what is sent from now on.
      if (batches.some(({ outcome, inDoubt }) => outcome === 'given up' && inDoubt)) {
        numbering.raiseEpoch()
      }
    },
    close: () => links.close(),
  }
}

function isUndecided({ outcome }: Batch): boolean {
  return outcome === 'open'
}

async function tryAll(sending: Sending, batches: readonly Batch[]): Promise<void> {
  let identity: Identity
  try {
    identity = await sending.numbering.identity()
  } catch (error) {
    for (const batch of batches) batch.reason = reasonOf(error)
    return
  }
  const byLeader = Map.groupBy(batches, (batch) => leaderOf(sending.cluster, batch))
  await Promise.all(
    [...byLeader].map(([node, theirs]) => tryLeader(sending, { node, batches: theirs, identity })),
  )
}

/** −1 where it has no leader, or its topic is not the one it was. */
function leaderOf(cluster: Cluster, batch: Batch): number {
  try {
    return cluster.topic(batch.topic).leaders[batch.partition]?.node ?? -1
  } catch (error) {
    giveUp(batch, { reason: reasonOf(error), retryable: false })
    return -1
  }
}

type Trying = { node: number; batches: readonly Batch[]; identity: Identity }

async function tryLeader(sending: Sending, { node, batches, identity }: Trying): Promise<void> {
  const { cluster, links, numbering } = sending
  const broker = cluster.broker(node)
  const partitions = batches.map((batch) => {
    const { topic, partition } = batch
    return { topic, partition, batch: numbering.encoded(batch, identity) }
  })
  try {
    if (broker === undefined) throw new Error('the partition has no leader now')
    const connection = await links.to(broker)
    if (!isOpen(connection)) throw new Error('the connection was closed')
    const timeoutMs = cluster.limits.requestMsMax
    const asked = ask(connection, produceApi, [{ timeoutMs, partitions }])
    const answers = await asked.catch((error: unknown) => {
      for (const batch of batches) batch.inDoubt = true
      throw error
    })
    for (const batch of batches) learn(numbering, batch, answers)
  } catch (error) {
    for (const batch of batches) batch.reason = `Kafka: ${reasonOf(error)}`
  }
}

function learn(numbering: Numbering, batch: Batch, answers: readonly ProducedPartition[]): void {
  const answer = answers.find(
    ({ topic, partition }) => topic === batch.topic && partition === batch.partition,
  )
  const code = answer?.errorCode ?? -1
  const fate = produceFate(code)
  const why = answer?.reason ?? ''
  batch.reason = `Kafka refused to append to ${nameOf(batch)}: ${errorName(code)} ${why}`.trimEnd()
  switch (fate) {
    case 'stored':
      stored(batch, answer?.baseOffset ?? 0)
      numbering.countStored(batch)
      return
    case 'not stored':
      return
    case 'in doubt':
      batch.inDoubt = true
      return
    case 'in the log, place unknown':
      batch.inDoubt = true
      giveUp(batch, { reason: `${batch.reason}: it is in the log already`, retryable: true })
      return
    case 'refused for good':
      giveUp(batch, { reason: batch.reason, retryable: false })
      return
    case 'unknown producer':
      numbering.forget()
      renumber(numbering, batch)
      return
    case 'wrong number':
      renumber(numbering, batch)
  }
}

/** The broker remembers other numbers than these, as when it has lost what it knew. */
function renumber(numbering: Numbering, batch: Batch): void {
  // Under a new number it could be stored a second time.
  if (batch.inDoubt) giveUp(batch, { reason: batch.reason, retryable: true })
  else numbering.raiseEpochOf(batch)
  batch.sent = null
}

function giveUp(batch: Batch, why: { reason: string; retryable: boolean }): void {
  batch.outcome = 'given up'
  batch.reason = why.reason
  batch.retryable = why.retryable
}
