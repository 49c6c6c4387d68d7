// `firstcome api`, `issuer` and `orders`: the long-running roles of the distributed profile. Each
// loads what it runs, and nothing of the others.

import type { ConsumerName } from '../../ports/orders.ts'
import type { Context, ExitCode } from '../context.ts'
import { type Role, type RunningRole, runRole } from '../roles/run-role.ts'

/** Load balancers ask `/readyz` every few seconds. */
const drainSecondsDefault = 5

export async function runApi(_options: object, context: Context): Promise<ExitCode> {
  const { startApi } = await import('../roles/api.ts')
  return run(context, startApi, 'api listens on')
}

export async function runIssuer(_options: object, context: Context): Promise<ExitCode> {
  const { startIssuerRole } = await import('../roles/issuer.ts')
  return run(context, startIssuerRole, 'issuer is at work; its probes are on')
}

type OfOrders = { only?: ConsumerName }

export async function runOrders({ only }: OfOrders, context: Context): Promise<ExitCode> {
  const { startOrdersRole } = await import('../roles/order-consumers-role.ts')
  const says = `${only ?? 'orders'} is at work; its probes are on`
  return run(context, (parts) => startOrdersRole(parts, only), says)
}

function run(context: Context, start: Role<RunningRole>['start'], says: string): Promise<ExitCode> {
  const started = ({ url }: RunningRole) => context.out(`firstcome ${says} ${url}\n`)
  return runRole(context, { start, started, drainSeconds: drainSecondsDefault })
}
