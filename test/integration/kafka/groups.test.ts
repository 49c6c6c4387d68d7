// Members of a group come, leave and die: how soon their partitions are another's. The broker dies
// too, and the group comes together again.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, it } from 'node:test'
import type { Log, Membership } from '../../../src/ports/log.ts'
import { throwawayKafka } from '../../services/kafka.ts'
import { waitFor } from '../../services/server-process.ts'
import { connectionTo, newKafkaLog } from './log-parts.ts'

const kafka = await throwawayKafka()
const skip = typeof kafka === 'string' ? kafka : false
const partitions = 12
const memberPath = join(import.meta.dirname, 'group-member.ts')

after(async () => {
  if (typeof kafka !== 'string') await kafka.stop()
})

function started() {
  assert.ok(typeof kafka !== 'string')
  const [node] = kafka.nodes
  assert.ok(node)
  return { brokers: kafka.brokers, node }
}

type Member = { share: readonly number[]; shares: number; membership: Membership }

async function joinAs(log: Log, topic: string, group: string): Promise<Member> {
  const member = { share: [] as readonly number[], shares: 0 }
  const membership = await log.join({
    topic,
    group,
    onAssigned(share) {
      member.share = share
      member.shares++
    },
    onError: assert.fail,
  })
  return Object.assign(member, { membership })
}

function areAllOnce(shares: readonly (readonly number[])[]): boolean {
  return (
    shares
      .flat()
      .toSorted((a, b) => a - b)
      .join() === [...Array(partitions).keys()].join()
  )
}

it('gives a killed member’s partitions to the others within 8 s', { skip }, async (t) => {
  const { brokers } = started()
  const { log, topic } = await newKafkaLog(t, { connection: connectionTo(brokers), partitions })
  const group = randomUUID()
  const here = await joinAs(log, topic, group)
  const there = spawn(process.execPath, [memberPath, brokers, topic, group], { stdio: 'pipe' })
  let printed = ''
  there.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const itsShare = () => JSON.parse(printed.trim().split('\n').at(-1) || '[]') as number[]
  await waitFor(
    'both shares',
    () => areAllOnce([here.share, itsShare()]) && itsShare().length === 6,
  )
  assert.equal(here.share.length, 6)
  there.kill('SIGKILL')
  const killedAt = performance.now()
  await waitFor('the whole share', () => here.share.length === partitions)
  const ms = performance.now() - killedAt
  t.diagnostic(`taken over ${Math.round(ms)} ms after kill −9`)
  assert.ok(ms <= 8_000, `${ms} ms`)
})

it('gives a leaving member’s partitions to the others within 1 s', { skip }, async (t) => {
  const { brokers } = started()
  const { log, topic } = await newKafkaLog(t, { connection: connectionTo(brokers), partitions })
  const group = randomUUID()
  const members = [await joinAs(log, topic, group)]
  for (let n = 1; n < 3; n++) members.push(await joinAs(log, topic, group))
  const shares = () => members.map(({ share }) => share)
  await waitFor('three shares', () => areAllOnce(shares()) && shares().every((s) => s.length === 4))
  const [leaver] = members.splice(0, 1)
  const leftAt = performance.now()
  await leaver?.membership.leave()
  const leavingMs = performance.now() - leftAt
  await waitFor('two shares', () => areAllOnce(shares()))
  const ms = performance.now() - leftAt
  t.diagnostic(`left in ${Math.round(leavingMs)} ms, taken over after ${Math.round(ms)} ms`)
  assert.ok(ms <= 1_000, `${ms} ms`)
})

it('comes together again when the broker was killed and started again', { skip }, async (t) => {
  const { brokers, node } = started()
  const { log, topic } = await newKafkaLog(t, { connection: connectionTo(brokers), partitions })
  const group = randomUUID()
  const members = [await joinAs(log, topic, group), await joinAs(log, topic, group)]
  const shares = () => members.map(({ share }) => share)
  await waitFor('two shares', () => areAllOnce(shares()) && shares().every((s) => s.length === 6))
  await node.crash()
  await node.start()
  const startedAt = performance.now()
  // Somebody else joins: only a group that lives hears of it.
  const third = await joinAs(log, topic, group)
  members.push(third)
  await waitFor('three shares', () => areAllOnce(shares()) && third.share.length === 4)
  t.diagnostic(`together again ${Math.round(performance.now() - startedAt)} ms after it served`)
})
