// Validates requests by the schemas of schemas.ts. Bodies are taken as they are: "100" is no
// number. Paths and queries are text, so their numbers are read from it. Nothing is dropped.

import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js'
import type { FastifyInstance } from 'fastify'
import { couponNameCharactersMax } from '../../domain/coupons/messages.ts'
import { parseInstant } from '../../domain/time.ts'
import { userIdOf } from '../../domain/user-id.ts'
import type { FirstUses } from './first-uses.ts'
import { messageOf } from './problems/field-messages.ts'
import type { Said } from './problems/languages.ts'
import { isVisibleText } from './visible-text.ts'

export type FieldError = { path: string; message: Said }

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
