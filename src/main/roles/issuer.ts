// The issuer role: writes the rows from the log, one of any number. It answers probes and metrics
// from its first moment on, also while it waits for Kafka and PostgreSQL.

import { createCouponStoreSql } from '../../adapters/stores/coupon-store.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { ClaimsConsumer } from '../../issuer/claims-consumer.ts'
import { startIssuer } from '../../issuer/issuer.ts'
import { createIssuerMetrics } from '../../issuer/issuer-metrics.ts'
import { startPositionWatch } from '../../issuer/position-watch.ts'
import { type LogEnds, watchLogEnds } from '../../ports/log-ends.ts'
import { crashingIssuerLog } from './crash-points.ts'
import { given, openDistributed } from './distributed.ts'
import { proofSettings, settleProof, startProof } from './proof/proof.ts'
import { startRoleProbes } from './role-probes.ts'
import type { RoleParts, RunningRole } from './run-role.ts'
import { keptInRows } from './snapshots/kept-fold.ts'
import { withStops } from './stops.ts'
import { createFaults } from './test-faults.ts'

export function startIssuerRole(parts: RoleParts): Promise<RunningRole> {
  return withStops(async (stops) => {
    const { settings, logger } = parts
    const codeSecret = given(settings.codeSecret, 'FIRSTCOME_CODE_SECRET')
    let issuer: ClaimsConsumer | null = null
    let ends: LogEnds | null = null
    const metrics = createIssuerMetrics({
      positions: () => issuer?.positions() ?? new Map(),
      ends: () => ends,
    })
    const places = () => {
      const own = [...(issuer?.positions() ?? [])]
      return own.map(([partition, next]) => {
        return { reader: 'the issuer', topic: claimsTopic, partition, next }
      })
    }
    const probes = await startRoleProbes(parts, { registry: metrics.registry, places }, stops)
    const without = { topic: claimsTopic, onFatal: parts.onFatal }
    const opening = { ...parts, onWaiting: probes.onWaiting, without }
    const opened = await openDistributed(opening, 'issuer', stops)
    const { database } = opened
    const topics = [claimsTopic]
    ends = watchLogEnds({ log: opened.log, topics, clock: opened.clock })
    stops.defer(ends.close)
    probes.opened(database, ends)
    const { crashPoint } = createFaults(settings.testFaults)
    const store = createCouponStoreSql({ database, crashPoint })
    const running = await startIssuer({
      log: crashPoint === undefined ? opened.log : crashingIssuerLog(opened.log, crashPoint),
      store,
      clock: opened.clock,
      codeSecret,
      closedCouponMs: settings.closedCouponHours * 3_600_000,
      observe: metrics.observer,
      onError: parts.onFatal,
    })
    issuer = running
    probes.started()
    stops.defer(() => running.close())
    const proof = proofSettings(settings)
    if (proof !== undefined) {
      await settleProof(database, proof)
      const { registry } = metrics
      const warn = (text: string) => logger.warn(text)
      const snapshots = await keptInRows({ ...opened, logger, reader: 'the proof' })
      const { onFatal: onError } = parts
      const making = { ...opened, ends, proof, snapshots, registry, warn, onError }
      await startProof(making, stops)
    }
    const watch = startPositionWatch({
      store,
      clock: opened.clock,
      own: running.positions,
      onMovedBack() {
        logger.warn('positions have gone back: the rows are derived anew from there')
        running.restart()
      },
      onError: parts.onFatal,
    })
    stops.defer(() => watch.close())
    return { url: probes.url }
  })
}
