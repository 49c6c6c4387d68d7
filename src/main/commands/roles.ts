// `firstcome api`, `issuer` and `orders`: the long-running roles of the distributed profile.

import type { ConsumerName } from '../../ports/orders.ts'
import type { Context, ExitCode } from '../context.ts'
import { startApi } from '../roles/api.ts'
import { startIssuerRole } from '../roles/issuer.ts'
import { startOrdersRole } from '../roles/order-consumers-role.ts'
import { type Role, type RunningRole, runRole } from '../roles/run-role.ts'

/** Load balancers ask `/readyz` every few seconds. */
const drainSecondsDefault = 5

export function runApi(_options: object, context: Context): Promise<ExitCode> {
  return run(context, startApi, 'api listens on')
}

export function runIssuer(_options: object, context: Context): Promise<ExitCode> {
  return run(context, startIssuerRole, 'issuer is at work; its probes are on')
}

export function runOrders({ only }: { only?: ConsumerName }, context: Context): Promise<ExitCode> {
  const says = `${only ?? 'orders'} is at work; its probes are on`
  return run(context, (parts) => startOrdersRole(parts, only), says)
}

function run(context: Context, start: Role<RunningRole>['start'], says: string): Promise<ExitCode> {
  const started = ({ url }: RunningRole) => context.out(`firstcome ${says} ${url}\n`)
  return runRole(context, { start, started, drainSeconds: drainSecondsDefault })
}
