// Rehearsals and audits from the console: begun, stopped, watched, and their reports.

import { type Static, Type } from 'typebox'
import { formatInstant } from '../../domain/time.ts'
import { type Run, type RunKind, type RunSizes, runKinds } from '../../ports/console-runs.ts'
import { databaseStarting } from '../claims/claim-answers.ts'
import { type Begun, type ConsoleRuns, runPrefix } from '../console/runs.ts'
import { callerOf } from '../http/auth.ts'
import { said } from '../http/problems/languages.ts'
import { type Answer, ok, type Route, route } from '../http/route.ts'
import { Count, Instant, KeyAllowed, NoBody, nullable, oneOf } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { couponIdOfKey } from '../orders/order-answers.ts'

/** On two cores it ends within seconds, beside whoever claims meanwhile. */
const usersMax = 5_000
const quantityMax = 5_000
export const sizesDefault = { users: 300, quantity: 100 }

const Sizes = Type.Unsafe<RunSizes | null | undefined>({
  title: 'RehearsalSizes',
  type: ['object', 'null'],
  description: 'How many people ask for how many coupons; else 300 and 100.',
  properties: { users: Count(usersMax), quantity: Count(quantityMax) },
  additionalProperties: false,
})
const kept = { type: ['boolean', 'null'], description: 'null: it could not be judged.' }
const RunPromise = Type.Object(
  {
    id: Type.String({ description: 'As I1.' }),
    kept: nullable<boolean>(kept),
    checks: Type.Array(
      Type.Object(
        { name: Type.String(), kept: nullable<boolean>(kept), detail: Type.String() },
        { title: 'RunCheck' },
      ),
    ),
    breaches: Type.Array(Type.String(), { description: 'The first few, in words.' }),
  },
  { title: 'RunPromise' },
)
const RunBody = Type.Object(
  {
    runId: Type.String(),
    kind: oneOf([...runKinds]),
    by: Type.String(),
    sizes: Type.Object(
      { users: Type.Optional(Type.Integer()), quantity: Type.Optional(Type.Integer()) },
      { title: 'RunSizes' },
    ),
    startedAt: Instant,
    endedAt: nullable<string>({ type: ['string', 'null'], format: 'date-time' }),
    progress: nullable<Run['progress']>({
      title: 'RunProgress',
      type: ['object', 'null'],
      properties: { step: { type: 'string' }, part: { type: ['number', 'null'] } },
    }),
    end: nullable<Run['end']>({
      title: 'RunEnd',
      type: ['object', 'null'],
      properties: {
        verdict: { type: 'string', enum: ['kept', 'broken', 'unjudged', 'stopped', 'failed'] },
        reason: { type: 'string' },
        promises: { type: 'array', items: RunPromise },
      },
      required: ['verdict', 'promises'],
    }),
  },
  { title: 'ConsoleRun' },
)
const Runs = Type.Object(
  {
    running: Type.Optional(RunBody),
    last: Type.Optional(RunBody),
  },
  { title: 'ConsoleRuns', description: 'What is under way, and the last one that has ended.' },
)

const paths = { rehearsal: 'rehearsals', audit: 'audits' } as const
const named = { rehearsal: 'Rehearsal', audit: 'Audit' } as const
const tag = 'console'

export function consoleRunRoutes({ runs, newId }: RouteParts): Route[] {
  return runKinds.flatMap((kind) => [
    beginRoute(kind, { runs, newId }),
    ...watchRoutes(kind, runs),
    route({
      call: `DELETE /console/${paths[kind]}`,
      caller: 'operator',
      tag,
      problems: ['no-run'],
      operationId: `stopConsole${named[kind]}`,
      summary: `Stop the ${kind} that is under way, whichever node runs it`,
      answers: { 204: { type: 'null' } },
      async answer() {
        const isStopped = await runs.stop(kind)
        return isStopped ? { status: 204, body: undefined } : { problem: 'no-run' }
      },
    }),
  ])
}

function beginRoute(kind: RunKind, { runs, newId }: Pick<RouteParts, 'newId' | 'runs'>): Route {
  const isRehearsal = kind === 'rehearsal'
  return route({
    call: `POST /console/${paths[kind]}`,
    caller: 'operator',
    tag,
    problems: ['run-under-way', 'idempotency-key-reused'],
    operationId: `beginConsole${named[kind]}`,
    summary: isRehearsal ? 'Rehearse on a coupon of its own' : 'Audit the log and the rows',
    description:
      'One at a time over all nodes, in a process of its own. With the Idempotency-Key of the ' +
      'one that is under way, or was the last, it is that one: 200.',
    headers: KeyAllowed,
    body: isRehearsal ? Sizes : NoBody,
    answers: { 200: RunBody, 201: RunBody },
    async answer(request) {
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const chance = () => newId().replaceAll('-', '')
      const id = key === undefined ? chance() : couponIdOfKey(by, `${kind} ${key}`)
      const asked = (request.body ?? {}) as RunSizes
      const sizes = isRehearsal ? { ...sizesDefault, ...asked } : {}
      const begun = await runs.begin({ runId: `${runPrefix}${id.slice(-20)}`, kind, by, sizes })
      return begun === null ? databaseStarting : begunAnswer(begun, sizes)
    },
  })
}

function begunAnswer(begun: Begun, sizes: RunSizes): Answer {
  if (begun.kind === 'under_way') {
    const { run } = begun
    const at = run && formatInstant(run.startedAt)
    const detail =
      run && said(`${run.by} has begun one at ${at}.`, `${run.by}: ${at}에 시작했습니다.`)
    return { problem: 'run-under-way', members: detail ? { detail } : undefined }
  }
  const { kind, run } = begun
  const isSame = run.sizes.users === sizes.users && run.sizes.quantity === sizes.quantity
  if (!isSame) return { problem: 'idempotency-key-reused' }
  return { status: kind === 'begun' ? 201 : 200, body: runJson(run) }
}

function watchRoutes(kind: RunKind, runs: ConsoleRuns): Route[] {
  return [
    route({
      call: `GET /console/${paths[kind]}`,
      caller: 'viewer',
      tag,
      operationId: `getConsole${named[kind]}s`,
      summary: `The ${kind} that is under way, and what the last one has found`,
      answers: { 200: Runs },
      async answer() {
        const known = await runs.known(kind)
        if (known === null) return databaseStarting
        const { running, last } = known
        return ok({
          ...(running && { running: runJson(running) }),
          ...(last && { last: runJson(last) }),
        })
      },
    }),
    route({
      call: `GET /console/${paths[kind]}/report`,
      caller: 'viewer',
      tag,
      problems: ['no-run'],
      operationId: `getConsole${named[kind]}Report`,
      summary: `The whole report of the last ${kind}, as a file`,
      answers: { 200: { type: 'object', additionalProperties: true } },
      async answer() {
        const report = await runs.report(kind)
        if (report === null) return { problem: 'no-run' }
        const disposition = `attachment; filename="firstcome-${kind}.json"`
        return { status: 200, body: report, headers: { 'content-disposition': disposition } }
      },
    }),
  ]
}

function runJson(run: Run): Static<typeof RunBody> {
  return {
    ...run,
    startedAt: formatInstant(run.startedAt),
    endedAt: run.endedAt === null ? null : formatInstant(run.endedAt),
  } as Static<typeof RunBody>
}
