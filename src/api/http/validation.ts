// Validates requests by the schemas of schemas.ts. Bodies are taken as they are: "100" is no
// number. Paths and queries are text, so their numbers are read from it. Nothing is dropped.

import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js'
import type { FastifyInstance } from 'fastify'
import { couponNameCharactersMax } from '../../domain/coupons/messages.ts'
import { parseInstant } from '../../domain/time.ts'
import { userIdOf, userIdRule } from '../../domain/user-id.ts'
import type { FirstUses } from './first-uses.ts'
import { isVisibleText } from './visible-text.ts'

export type FieldError = { path: string; message: string }

/** A body of unknown fields only could have hundreds of mistakes; nobody reads more than a few. */
export const fieldErrorsMax = 20

export function useValidation(app: FastifyInstance, uses: FirstUses): void {
  const bodies = validator({ coerceTypes: false })
  const texts = validator({ coerceTypes: true, useDefaults: true })
  app.setValidatorCompiler<object>(({ schema, httpPart }) =>
    withErrorsOf(
      uses.of(() =>
        httpPart === 'body' ? bodies.compile(schema) : decimalsOnly(texts.compile(schema), schema),
      ),
    ),
  )
}

type Validator = { (value: Record<string, unknown>): boolean; errors?: ErrorObject[] | null }

function withErrorsOf(made: () => Validator): Validator {
  const validate = (value: Record<string, unknown>): boolean => {
    const compiled = made()
    const valid = compiled(value)
    validate.errors = compiled.errors ?? null
    return valid
  }
  validate.errors = null as ErrorObject[] | null
  return validate
}

/** The validator takes all that JavaScript calls a number: `0x10`, `1e3`, ` 7 `, nothing at all. */
function decimalsOnly(validate: ValidateFunction, schema: object) {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> }
  const names = Object.keys(properties).filter((name) => properties[name]?.type === 'integer')
  if (names.length === 0) return validate
  const checked = (texts: Record<string, unknown>): boolean => {
    for (const name of names) {
      const text = texts[name]
      // Whatever else it is, it is no number: the validator says so. Of null it would make 0.
      if (typeof text === 'string' && !decimal.test(text)) texts[name] = {}
    }
    const valid = validate(texts)
    checked.errors = validate.errors ?? null
    return valid
  }
  checked.errors = null as ErrorObject[] | null
  return checked
}

const decimal = /^-?(0|[1-9][0-9]*)$/

/** JSON pointers to what is wrong, and how, from what the validator found. */
export function fieldErrors(found: readonly ErrorObject[]): FieldError[] {
  return found.slice(0, fieldErrorsMax).map((error) => ({
    path: pathOf(error),
    message: messageOf(error),
  }))
}

export function isCouponName(name: string): boolean {
  return name.length <= couponNameCharactersMax && isVisibleText(name)
}

/** Of texts in what is asked and in what is answered. */
export const formats = {
  'date-time': (text: string) => parseInstant(text) !== null,
  'user-id': (text: string) => userIdOf(text) !== null,
  'coupon-name': isCouponName,
  'visible-text': isVisibleText,
}

function validator(options: Options): Ajv2020 {
  return new Ajv2020({
    ...options,
    // A test does that: the rules for schemas take 60 ms, in which no claim would be answered.
    validateSchema: false,
    allErrors: true,
    verbose: true,
    removeAdditional: false,
    discriminator: true,
    strictTypes: false,
    formats,
  })
}

function pathOf({ instancePath, params }: ErrorObject): string {
  const field: unknown = params.additionalProperty ?? params.missingProperty ?? params.tag
  return typeof field === 'string' ? `${instancePath}/${pointerPart(field)}` : instancePath
}

function pointerPart(field: string): string {
  return field.replaceAll('~', '~0').replaceAll('/', '~1')
}

function messageOf(error: ErrorObject): string {
  switch (error.keyword) {
    case 'additionalProperties':
      return 'is not a field of this call'
    case 'required':
    case 'dependentRequired':
      return 'is required'
    case 'false schema':
      return 'does not go with the other fields'
    case 'discriminator':
      return 'must be one of the documented kinds'
    case 'format':
      return formatMessage(String(error.params.format), error.data)
    default:
      return error.message ?? 'is wrong'
  }
}

function formatMessage(format: string, found: unknown): string {
  const message = formatMessages[format] ?? 'has the wrong format'
  const missing = format === 'date-time' ? missingOf(String(found)) : null
  return missing === null ? message : `${message}; ${missing}`
}

/** What people and libraries leave out. */
function missingOf(time: string): string | null {
  if (/^\d{4}-\d\d-\d\d$/.test(time)) return 'the time of day is missing'
  if (/T\d\d:\d\d([Zz]|[+-]\d\d:\d\d|)$/.test(time)) return 'the seconds are missing'
  if (/T\d\d:\d\d:\d\d(\.\d+)?$/.test(time)) return 'the offset is missing, as Z or +09:00'
  return null
}

const visibleText = 'visible text without characters that hide or turn round what stands there'

const formatMessages: Record<string, string> = {
  'date-time': 'must be an RFC 3339 time of the years 1970 to 9999, as 2026-05-01T09:00:00Z',
  'user-id': `must be ${userIdRule}`,
  'coupon-name': `must be ${visibleText} of at most ${couponNameCharactersMax} UTF-16 units`,
  'visible-text': `must be ${visibleText}`,
}
