// The orders role: the consumers that carry orders through, all of them or one, any number of
// times. It answers probes and metrics from its first moment on, also while it waits for Kafka
// and PostgreSQL.

import type { Database } from '../../adapters/database/database.ts'
import { describeGroup } from '../../adapters/log-kafka/groups.ts'
import type { Consumer } from '../../consumer/consumer.ts'
import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import type { Log } from '../../ports/log.ts'
import { type LogEnds, watchLogEnds } from '../../ports/log-ends.ts'
import type { ConsumerName } from '../../ports/orders.ts'
import { CommandError, exitCodes } from '../context.ts'
import { type Distributed, kafkaConnection, openDistributed } from './distributed.ts'
import { groupOf, positionsGoneBack } from './kafka-positions.ts'
import { checkedLater } from './late-partitions.ts'
import { areOrderRowsLost, unknownReplies } from './older-rows.ts'
import { newConsumerMetrics, startOrderConsumers } from './order-consumers.ts'
import { settlePaymentSetting } from './payment-setting.ts'
import { startRoleProbes } from './role-probes.ts'
import type { RoleParts, RunningRole } from './run-role.ts'
import type { Place } from './standstill.ts'
import { refuseOlderRows } from './start-check.ts'
import { withStops } from './stops.ts'
import { createFaults } from './test-faults.ts'
import { waitFor } from './wait-for.ts'

export function startOrdersRole(parts: RoleParts, only?: ConsumerName): Promise<RunningRole> {
  return withStops(async (stops) => {
    const { payment, testFaults } = parts.settings
    let ends: LogEnds | null = null
    const { metrics, running } = newConsumerMetrics(() => ends, only)
    const places = () => [...running].flatMap(placesOf)
    const probes = await startRoleProbes(parts, { registry: metrics.registry, places }, stops)
    const without = { topic: ordersTopic, onFatal: parts.onFatal }
    const opening = { ...parts, onWaiting: probes.onWaiting, without }
    const opened = await openDistributed(opening, 'orders', stops)
    ends = watchLogEnds({ ...opened, topics: orderTopics })
    stops.defer(ends.close)
    probes.opened(opened.database, ends)
    const waiting = { ...opening, clock: opened.clock }
    const log = await waitFor(waiting, 'Kafka and PostgreSQL', () => comparedLog(parts, opened))
    const takesPayments = only === undefined || only === 'payment-step'
    const confirm = takesPayments ? await settledPayments(parts, opened) : null
    const { crashPoint } = createFaults(testFaults)
    const consumers = { ...opened, log, payment, only, crashPoint, metrics, running }
    await startOrderConsumers({ ...consumers, onError: parts.onFatal }, stops)
    await confirm?.()
    probes.started()
    return { url: probes.url }
  })
}

function placesOf([name, consumer]: [ConsumerName, Consumer]): Place[] {
  return consumer.positions().map((position) => ({ reader: name, ...position }))
}

/** Its rows are no older, of the partitions that are there; of the others before they are read. */
async function comparedLog(parts: RoleParts, opened: Distributed): Promise<Log> {
  const { log, database, clock } = opened
  // What a step has answered to an order stands in the partition of the same number.
  const away = opened.away.filter(({ topic }) => pairedTopics.includes(topic))
  const late = [...new Set(away.map(({ partition }) => partition))]
  const all = Array.from({ length: log.partitionsOf(ordersTopic) }, (_, partition) => partition)
  const partitions = all.filter((partition) => !late.includes(partition))
  if (await areOrderRowsLost({ log, database, partitions })) throw rowsLost()
  const connection = kafkaConnection(parts.settings, 'orders')
  refuseOlderRows(await positionsGoneBack(connection, database))
  refuseOlderRows(await unknownReplies({ log, database, partitions }))
  if (late.length === 0) return log
  return checkedLater({
    ...parts,
    log,
    clock,
    away: late.flatMap((partition) => pairedTopics.map((topic) => ({ topic, partition }))),
    check: async ({ partition }) => {
      refuseOlderRows(await unknownReplies({ log, database, partitions: [partition] }))
    },
  })
}

const pairedTopics: readonly string[] = [ordersTopic, orderStepsTopic]

function settledPayments({ settings }: RoleParts, { database }: { database: Database }) {
  const connection = kafkaConnection(settings, 'orders')
  return settlePaymentSetting({
    database,
    url: settings.payment?.url,
    members: async () => (await describeGroup(connection, groupOf('payment-step'))).members,
  })
}

function rowsLost(): CommandError {
  const found = 'Kafka has orders that were carried on, but PostgreSQL has no rows of them'
  const next = 'run "firstcome rebuild" first, while no "firstcome orders" runs'
  return new CommandError(exitCodes.failed, `${found}: ${next}`)
}
