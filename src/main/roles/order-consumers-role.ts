// The orders role: the consumers that carry orders through, all of them or one, any number of
// times. It answers probes and metrics from its first moment on, also while it waits for Kafka
// and PostgreSQL.

import type { Database } from '../../adapters/database/database.ts'
import { describeGroup } from '../../adapters/log-kafka/groups.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import { type LogEnds, watchLogEnds } from '../../ports/log-ends.ts'
import type { ConsumerName } from '../../ports/orders.ts'
import { CommandError, exitCodes } from '../context.ts'
import { kafkaConnection, openDistributed } from './distributed.ts'
import { groupOf, positionsGoneBack } from './kafka-positions.ts'
import { unknownReplies } from './older-rows.ts'
import { areOrderRowsLost, newConsumerMetrics, startOrderConsumers } from './order-consumers.ts'
import { settlePaymentSetting } from './payment-setting.ts'
import { startRoleProbes } from './role-probes.ts'
import type { RoleParts, RunningRole } from './run-role.ts'
import { refuseOlderRows } from './start-check.ts'
import { withStops } from './stops.ts'
import { createFaults } from './test-faults.ts'

export function startOrdersRole(parts: RoleParts, only?: ConsumerName): Promise<RunningRole> {
  return withStops(async (stops) => {
    const { payment, testFaults } = parts.settings
    let ends: LogEnds | null = null
    const { metrics, running } = newConsumerMetrics(() => ends, only)
    const probes = await startRoleProbes(parts, metrics.registry, stops)
    const opened = await openDistributed({ ...parts, onWaiting: probes.onWaiting }, 'orders', stops)
    ends = watchLogEnds({ ...opened, topics: orderTopics })
    stops.defer(ends.close)
    probes.opened(opened.database, ends)
    if (await areOrderRowsLost(opened)) throw rowsLost()
    const connection = kafkaConnection(parts.settings, 'orders')
    refuseOlderRows(await positionsGoneBack(connection, opened.database))
    refuseOlderRows(await unknownReplies(opened))
    const takesPayments = only === undefined || only === 'payment-step'
    const confirm = takesPayments ? await settledPayments(parts, opened) : null
    const { crashPoint } = createFaults(testFaults)
    const consumers = { ...opened, payment, only, crashPoint, metrics, running }
    await startOrderConsumers({ ...consumers, onError: parts.onFatal }, stops)
    await confirm?.()
    probes.started()
    return { url: probes.url }
  })
}

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
