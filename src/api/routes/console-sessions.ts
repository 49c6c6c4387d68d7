// Signing in to the console, by a token or by a one-time code, and out again.

import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import { formatInstant } from '../../domain/time.ts'
import { cookieTokenCharactersMax, sessionCookie } from '../console/session-cookie.ts'
import { type Session, type SignedIn, sessionOf } from '../console/sessions.ts'
import { callerOf } from '../http/auth.ts'
import { tokenText } from '../http/problems/token-texts.ts'
import { type Answer, ok, type Route, route } from '../http/route.ts'
import { Instant, oneOf } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

const tag = 'console'
/** The largest code of ours has 32. */
const codeCharactersMax = 128

const SessionBody = Type.Object(
  {
    userId: Type.String(),
    scope: oneOf(['operator', 'viewer']),
    endsAt: { ...Instant, description: 'When its token ends, and it with it.' },
  },
  { title: 'ConsoleSession' },
)
const SignIn = Type.Object(
  {
    token: Type.Optional(Type.String({ minLength: 1, maxLength: cookieTokenCharactersMax })),
    code: Type.Optional(Type.String({ minLength: 1, maxLength: codeCharactersMax })),
  },
  { title: 'ConsoleSignIn', additionalProperties: false, minProperties: 1, maxProperties: 1 },
)
const CodeWish = Type.Unsafe<{ scope?: 'viewer' } | undefined>({
  title: 'ConsoleCodeWish',
  type: ['object', 'null'],
  description: 'No body: for an operator. `viewer`: for one who only looks.',
  properties: { scope: { type: 'string', const: 'viewer' } },
  additionalProperties: false,
})
const Code = Type.Object(
  {
    code: Type.String({ description: 'Goes behind `/console#code=`.' }),
    expiresAt: Instant,
  },
  { title: 'ConsoleCode' },
)

export function consoleSessionRoutes({ sessions }: RouteParts): Route[] {
  return [
    route({
      call: 'POST /console/session',
      caller: 'guarded',
      problems: ['unauthorized', 'console-code-over', 'forbidden'],
      operationId: 'openConsoleSession',
      summary: 'Sign in to the console by a token or a one-time code: sets the cookie',
      body: SignIn,
      answers: { 200: SessionBody },
      async answer({ body, headers }) {
        const { token, code = '' } = body
        const signedIn = await (token === undefined
          ? sessions.byCode(code)
          : sessions.byToken(token))
        return signInAnswer(signedIn, headers)
      },
    }),
    route({
      call: 'GET /console/session',
      caller: 'viewer',
      tag,
      operationId: 'getConsoleSession',
      summary: 'Who is signed in to the console, as what, and until when',
      answers: { 200: SessionBody },
      answer(request) {
        const session = sessionOf(callerOf(request))
        return session === null ? { problem: 'forbidden' } : ok(sessionJson(session))
      },
    }),
    route({
      call: 'DELETE /console/session',
      caller: 'guarded',
      operationId: 'closeConsoleSession',
      summary: 'Sign out of the console: takes the cookie away',
      answers: { 204: { type: 'null', description: 'Signed out.' } },
      answer: ({ headers }) => ({
        status: 204,
        body: null,
        headers: { 'set-cookie': sessionCookie('', 0, headers) },
      }),
    }),
    codeRoute(sessions),
  ]

  function signInAnswer(signedIn: SignedIn, headers: IncomingHttpHeaders): Answer {
    switch (signedIn.kind) {
      case 'signed_in': {
        const { session, token } = signedIn
        const cookie = sessionCookie(token, sessions.secondsLeft(session), headers)
        return { status: 200, body: sessionJson(session), headers: { 'set-cookie': cookie } }
      }
      case 'refused':
        return {
          problem: 'unauthorized',
          members: { detail: tokenText(signedIn.refusal) },
        }
      case 'code_over':
        return { problem: 'console-code-over' }
      case 'no_scope':
        return { problem: 'forbidden' }
      case 'unavailable':
        return signedIn
    }
  }
}

function codeRoute(sessions: RouteParts['sessions']): Route {
  return route({
    call: 'POST /console/codes',
    caller: 'operator',
    tag,
    operationId: 'makeConsoleCode',
    summary: 'A code that signs a browser in to the console: once, within a minute',
    description: 'The session ends with the token of whoever makes the code, in 12 hours at most.',
    body: CodeWish,
    answers: { 201: Code },
    async answer(request) {
      const scope = request.body?.scope ?? 'operator'
      const made = await sessions.makeCode(callerOf(request), scope)
      if (made.kind === 'unavailable') return made
      const expiresAt = formatInstant(made.expiresAt)
      return { status: 201, body: { code: made.code, expiresAt } }
    },
  })
}

function sessionJson({ userId, scope, endsAt }: Session) {
  return { userId, scope, endsAt: formatInstant(endsAt) }
}
