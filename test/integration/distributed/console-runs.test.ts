// Rehearsals and audits from the console of several nodes, on real services: one at a time,
// whichever node is asked, seen at all of them, with nothing left in PostgreSQL.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import { NodeConnection } from '../processes/node-connection.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'

const rehearsals = '/console/rehearsals'
const audits = '/console/audits'
const runMsMax = 120_000

type Run = {
  runId: string
  by: string
  end: { verdict: string; promises: { id: string; kept: boolean | null }[] } | null
}
type Runs = { running?: Run; last?: Run }

describe('runs of the console at two nodes', { timeout: 300_000 }, () => {
  let services: FaultServices
  let one: NodeConnection
  let other: NodeConnection
  let oneProcess: RoleProcess

  before(async () => {
    services = await startFaultServices()
    const nodes = await Promise.all([services.role('api'), services.role('api')])
    await services.role('issuer')
    ;[oneProcess] = nodes
    ;[one, other] = nodes.map((node) => new NodeConnection(node)) as [
      NodeConnection,
      NodeConnection,
    ]
  })
  after(async () => {
    await Promise.all([one.close(), other.close()])
    await services.close()
  })

  async function runsAt(node: NodeConnection, path: string): Promise<Runs> {
    const { status, text } = await node.call(`GET ${path}`)
    assert.equal(status, 200, text)
    return JSON.parse(text) as Runs
  }

  async function endedAt(node: NodeConnection, path: string): Promise<Run> {
    let last: Run | undefined
    const isOver = async () => {
      const runs = await runsAt(node, path)
      last = runs.last
      return runs.running === undefined && last !== undefined
    }
    await waitFor('the end of a run', isOver, runMsMax)
    return last as Run
  }

  async function rowsGone(): Promise<boolean> {
    const count = 'select count(*)::int from coupons.'
    const counts = await Promise.all(
      ['coupons', 'issued_coupons'].map((table) => services.sql(count + table)),
    )
    return counts.every(([row]) => row?.[0] === 0)
  }

  it('are one at a time, seen at both, and leave nothing', async () => {
    const begun = await one.call(`POST ${rehearsals}`, { as: 'operator-ann', key: 'k' })
    assert.equal(begun.status, 201, begun.text)
    const { runId } = JSON.parse(begun.text) as Run
    const again = await other.call(`POST ${rehearsals}`, { as: 'operator-ann', key: 'k' })
    assert.deepEqual([again.status, (JSON.parse(again.text) as Run).runId], [200, runId])
    assert.equal((await other.call(`POST ${rehearsals}`, { as: 'operator-bob' })).status, 409)
    const { running } = await runsAt(other, rehearsals)
    assert.deepEqual([running?.runId, running?.by], [runId, 'operator-ann'])
    for (const node of [one, other]) {
      const { text } = await node.call('GET /coupons', { as: null })
      assert.deepEqual(JSON.parse(text), { coupons: [] })
    }
    const { end } = await endedAt(other, rehearsals)
    assert.equal(end?.verdict, 'kept', JSON.stringify(end))
    const reports = await Promise.all(
      [one, other].map(async (node) => (await node.call(`GET ${rehearsals}/report`)).text),
    )
    assert.equal(reports[0], reports[1])
    assert.partialDeepStrictEqual(JSON.parse(reports[0] ?? ''), { verdict: 'kept', users: 300 })
    await waitFor('the rows to go', rowsGone, runMsMax)
  })

  it('audit the log in Kafka and the rows in PostgreSQL', async () => {
    const begun = await other.call(`POST ${audits}`)
    assert.equal(begun.status, 201, begun.text)
    const { end } = await endedAt(one, audits)
    assert.equal(end?.verdict, 'kept', JSON.stringify(end))
    assert.equal(end.promises.length, 14)
  })

  it('are stopped through any of them', async () => {
    const asked = { json: { users: 5_000, quantity: 100 } }
    assert.equal((await one.call(`POST ${rehearsals}`, asked)).status, 201)
    assert.equal((await other.call(`DELETE ${rehearsals}`)).status, 204)
    const { end } = await endedAt(other, rehearsals)
    assert.equal(end?.verdict, 'stopped', JSON.stringify(end))
    assert.deepEqual(JSON.parse((await other.call('GET /coupons')).text), { coupons: [] })
  })

  it('fail with the node that runs them, and others can be begun', async () => {
    const asked = { json: { users: 5_000, quantity: 5_000 }, as: 'operator-ann' }
    const begun = await one.call(`POST ${rehearsals}`, asked)
    assert.equal(begun.status, 201, begun.text)
    const { runId } = JSON.parse(begun.text) as Run
    assert.equal((await runsAt(other, rehearsals)).running?.runId, runId)
    await oneProcess.crash()
    const lost = await endedAt(other, rehearsals)
    assert.deepEqual([lost.runId, lost.by, lost.end?.verdict], [runId, 'operator-ann', 'failed'])
    const { text } = await other.call(`GET ${rehearsals}/report`)
    assert.partialDeepStrictEqual(JSON.parse(text), { reason: 'the node that ran it is gone' })
    assert.equal((await other.call(`POST ${rehearsals}`)).status, 201)
    const next = await endedAt(other, rehearsals)
    assert.notEqual(next.runId, runId)
    assert.equal(next.end?.verdict, 'kept', JSON.stringify(next))
    await waitFor('what was left to be taken away', rowsGone, runMsMax)
  })
})
