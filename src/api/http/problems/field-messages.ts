// What is wrong with a field, in both languages: none can be said in one alone. By the keywords of
// JSON Schema, and of formats of ours.

import type { ErrorObject } from 'ajv/dist/2020.js'
import { couponNameCharactersMax } from '../../../domain/coupons/messages.ts'
import { userIdRule } from '../../../domain/user-id.ts'
import { type Said, said } from './languages.ts'

export const inTheFuture = said('must be in the future', '미래여야 합니다')

/** What the validator found. */
export function messageOf({ keyword, params, data }: ErrorObject): Said {
  const make = keywords[keyword]
  if (make === undefined) return said('is wrong', '올바르지 않습니다')
  return make(params as Params, data)
}

type Params = { limit: number; type: string; pattern: string; format: string; multipleOf: number }
type Make = (params: Params, data: unknown) => Said

const required: Make = () => said('is required', '필요합니다')

const keywords: Readonly<Record<string, Make>> = {
  additionalProperties: () => said('is not a field of this call', '이 호출에 없는 필드입니다'),
  required,
  dependentRequired: required,
  'false schema': () =>
    said('does not go with the other fields', '다른 필드와 함께 쓸 수 없습니다'),
  discriminator: () =>
    said('must be one of the documented kinds', '문서에 있는 종류 중 하나여야 합니다'),
  format: ({ format }, data) => formatMessage(format, data),
  type: ({ type }) => said(`must be ${type}`, `${koreanTypes[type] ?? type}이어야 합니다`),
  enum: () => said('must be equal to one of the allowed values', '정해진 값 중 하나여야 합니다'),
  const: () => said('must be equal to constant', '정해진 값이어야 합니다'),
  anyOf: () => said('must match a schema in anyOf', '허용된 형식 중 하나여야 합니다'),
  oneOf: () => said('must match exactly one schema in oneOf', '허용된 형식 중 하나여야 합니다'),
  pattern: ({ pattern }) =>
    said(`must match pattern "${pattern}"`, `패턴 "${pattern}"에 맞아야 합니다`),
  minimum: ({ limit }) => said(`must be >= ${limit}`, `${limit} 이상이어야 합니다`),
  maximum: ({ limit }) => said(`must be <= ${limit}`, `${limit} 이하여야 합니다`),
  minLength: ({ limit }) =>
    said(`must NOT have fewer than ${limit} characters`, `${limit}자 이상이어야 합니다`),
  maxLength: ({ limit }) =>
    said(`must NOT have more than ${limit} characters`, `${limit}자 이하여야 합니다`),
  minItems: ({ limit }) =>
    said(`must NOT have fewer than ${limit} items`, `${limit}개 이상이어야 합니다`),
  maxItems: ({ limit }) =>
    said(`must NOT have more than ${limit} items`, `${limit}개 이하여야 합니다`),
  minProperties: ({ limit }) =>
    said(`must NOT have fewer than ${limit} properties`, `필드가 ${limit}개 이상이어야 합니다`),
  maxProperties: ({ limit }) =>
    said(`must NOT have more than ${limit} properties`, `필드가 ${limit}개 이하여야 합니다`),
}

/** What a test compares with the shapes of all calls. */
export const knownKeywords: ReadonlySet<string> = new Set(Object.keys(keywords))

const koreanTypes: Readonly<Record<string, string>> = {
  string: '문자열',
  integer: '정수인 숫자값',
  number: '숫자값',
  object: '객체 형식',
  array: '배열',
  boolean: 'true 또는 false 값',
}

function formatMessage(format: string, found: unknown): Said {
  const { en, ko } = formatMessages[format] ?? otherFormat
  const missing = format === 'date-time' ? missingOf(String(found)) : null
  return missing === null ? { en, ko } : said(`${en}; ${missing.en}`, `${ko}. ${missing.ko}`)
}

/** What people and libraries leave out. */
function missingOf(time: string): Said | null {
  if (/^\d{4}-\d\d-\d\d$/.test(time)) {
    return said('the time of day is missing', '시각이 빠졌습니다')
  }
  if (/T\d\d:\d\d([Zz]|[+-]\d\d:\d\d|)$/.test(time)) {
    return said('the seconds are missing', '초가 빠졌습니다')
  }
  if (/T\d\d:\d\d:\d\d(\.\d+)?$/.test(time)) {
    const ko = '시간대가 빠졌습니다. Z나 +09:00처럼 쓰세요'
    return said('the offset is missing, as Z or +09:00', ko)
  }
  return null
}

const visibleText = 'visible text without characters that hide or turn round what stands there'
const koreanVisibleText = '글을 숨기거나 뒤집는 문자가 없는, 보이는 글'
const otherFormat = said('has the wrong format', '형식이 올바르지 않습니다')

const formatMessages: Readonly<Record<string, Said>> = {
  'date-time': said(
    'must be an RFC 3339 time of the years 1970 to 9999, as 2026-05-01T09:00:00Z',
    '2026-05-01T09:00:00Z처럼 1970년부터 9999년까지의 RFC 3339 시각이어야 합니다',
  ),
  'user-id': said(`must be ${userIdRule}`, '제어 문자가 없는 1~128자여야 합니다'),
  'coupon-name': said(
    `must be ${visibleText} of at most ${couponNameCharactersMax} UTF-16 units`,
    `UTF-16으로 ${couponNameCharactersMax}자까지의, ${koreanVisibleText}이어야 합니다`,
  ),
  'visible-text': said(`must be ${visibleText}`, `${koreanVisibleText}이어야 합니다`),
}
