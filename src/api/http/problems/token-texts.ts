// Why a token was refused, for whoever reads the answer; the header stays English, and ASCII.

import { type TokenRefusal, tokenRefusals } from '../../tokens/token-checks.ts'
import type { Said } from './languages.ts'

export function tokenText(refusal: TokenRefusal): Said {
  return { en: tokenRefusals[refusal], ko: korean[refusal] }
}

const korean: Readonly<Record<TokenRefusal, string>> = {
  malformed: 'bearer 토큰이 JWT가 아닙니다.',
  algorithm:
    'bearer 토큰이 받지 않는 알고리즘으로 서명되었습니다. HS256을, 그리고 인증 제공자의 키라면 ' +
    'RS256, ES256, EdDSA를 각각 그에 맞는 키로 받습니다.',
  key: 'bearer 토큰이 인증 제공자에게 없는 키(kid)로 서명되었습니다.',
  critical: 'bearer 토큰에 여기서 모르는 필수(crit) 확장이 있습니다.',
  signature: 'bearer 토큰의 서명이 다른 비밀이나 키의 것이거나, 토큰이 고쳐졌습니다.',
  exp_missing: 'bearer 토큰에 exp가 없습니다. 1970년부터의 초를 숫자로 적어야 합니다.',
  exp_too_late: 'bearer 토큰이 10년 넘게 남았습니다. exp는 밀리초가 아니라 1970년부터의 초입니다.',
  expired: 'bearer 토큰의 기한(exp)이 지났습니다.',
  nbf: 'bearer 토큰이 아직 유효하지 않습니다. nbf가 미래이거나 숫자가 아닙니다.',
  issuer: 'bearer 토큰의 발급자(iss)가 여기 설정된 것이 아닙니다.',
  audience: 'bearer 토큰의 대상(aud)이 여기 설정된 것이 아닙니다.',
  sub:
    'bearer 토큰의 sub가 제어 문자가 없는 1~128자의 글이 아니거나, 사용자로 설정된 다른 claim이 ' +
    '그렇지 않습니다.',
}
