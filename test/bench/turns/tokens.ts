// What a claim costs by the token that it comes with: HS256 as it was, where tokens are for an
// audience, of a coupon that is for an audience, and ES256 of an identity provider, whose page has
// asked before; in turns. Each has a service of its own: one that has answered twice as much is
// compiled better, and keeps twice as much.

import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSigner } from 'fast-jwt'
import { audience, benchSecret, type NewCoupon, type Service } from '../service.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { quantityMax, turnOf, withServices } from './claims.ts'
import { measuredText, measureInTurns } from './in-turns.ts'

const sizes = {
  full: { rounds: 13, users: 8_000 },
  quick: { rounds: 3, users: 4_000 },
}
const kid = 'bench'
const hourSeconds = 3_600
const membersOnly: NewCoupon = {
  couponId: 'members',
  quantity: quantityMax,
  audience: { attribute: 'tier', values: ['silver', 'gold'] },
}

type Sign = (claims: Record<string, unknown>) => string
type Kind = {
  name: string
  service: Service
  sign: Sign
  more?: Record<string, string>
  couponId?: string
  asksBefore?: true
}

export function measureTokens(options: PartOptions): Promise<PartReport> {
  const { rounds, users } = options.quick ? sizes.quick : sizes.full
  return withServices(options, async (start, directory) => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
    const keySet = join(directory, 'keys.json')
    writeFileSync(keySet, JSON.stringify({ keys: [jwk] }))
    const key = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const bySecret = createSigner({ key: benchSecret, algorithm: 'HS256' })
    const byProvider = createSigner({ key, algorithm: 'ES256', kid })
    const plain = await start('plain')
    const strict = await start('strict', { FIRSTCOME_JWT_AUDIENCE: audience })
    const members = await start('members')
    await members.createCoupons([membersOnly])
    const provided = await start('provided', { FIRSTCOME_JWKS_FILE: keySet })
    const kinds: Kind[] = [
      { name: 'HS256', service: plain, sign: bySecret },
      { name: 'HS256, audience', service: strict, sign: bySecret, more: { aud: audience } },
      {
        name: 'HS256, coupon with audience',
        service: members,
        sign: bySecret,
        more: { tier: 'gold' },
        couponId: membersOnly.couponId,
      },
      { name: 'ES256, asked before', service: provided, sign: byProvider, asksBefore: true },
    ]
    const sides = kinds.map((kind, n) => ({
      name: kind.name,
      measure: (round: number) => claim(kind, { directory, users, prefix: `u${n}-${round}-` }),
    }))
    const onRound = (round: number) => options.say(`round ${round} of ${rounds}`)
    const measured = await measureInTurns(sides, { rounds, onRound })
    const text = measuredText(`winning claims, ${rounds} rounds in turns, medians`, measured)
    const [, withAudience, ofMembers, es256] = measured
    const figures = {
      audienceCost: withAudience?.costRatio ?? Number.NaN,
      membersCost: ofMembers?.costRatio ?? Number.NaN,
      es256Cost: es256?.costRatio ?? Number.NaN,
    }
    return { text, figures, voids: [], report: { sides: measured } }
  })
}

type Claiming = { directory: string; users: number; prefix: string }

async function claim(kind: Kind, { directory, users, prefix }: Claiming) {
  const { service, sign, more, couponId = 'sale', asksBefore } = kind
  const iat = Math.floor(Date.now() / 1_000)
  const tokens = Array.from({ length: users }, (_, n) => {
    return sign({ sub: `${prefix}${n}`, ...more, iat, exp: iat + hourSeconds })
  })
  const tokensFile = join(directory, 'tokens')
  writeFileSync(tokensFile, tokens.join('\n'))
  const asked = { users: { prefix, count: users, tokensFile }, once: true }
  if (asksBefore) {
    const paths = [`/coupons/${couponId}/claims/mine`]
    await service.load({ ...asked, method: 'GET', paths, expectedStatus: 404 })
  }
  return turnOf(service, { ...asked, paths: [`/coupons/${couponId}/claims`], expectedStatus: 201 })
}
