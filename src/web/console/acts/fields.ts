// Fields of a form, each with its name and, where it needs one, a hint below.

import { type Html, html } from '../html.ts'

export type FieldParts = {
  name: string
  label: string
  hint?: string | undefined
  /** What stands in it at first. */
  value?: string
  kind?: 'text' | 'count' | 'time' | 'lines'
  isRequired?: boolean
  /** It has no other mistakes than those that the browser can tell. */
  pattern?: string
  charactersMax?: number
  isOff?: boolean
}

export function Field(parts: FieldParts): Html {
  const { name, label, hint, kind = 'text' } = parts
  const id = `field-${name}`
  const described = hint === undefined ? null : `${id}-hint`
  const same = {
    id,
    name,
    'aria-describedby': described,
    required: parts.isRequired ?? false,
    disabled: parts.isOff ?? false,
    maxlength: parts.charactersMax ?? null,
    autocomplete: 'off',
  }
  return html`<div class="field"><label for=${id}>${label}</label>
    ${
      kind === 'lines'
        ? html`<textarea ...${same} rows="3"></textarea>`
        : html`<input ...${same} ...${kinds[kind]} defaultValue=${parts.value ?? ''}
            ...${parts.pattern === undefined ? {} : { pattern: parts.pattern }} />`
    }
    ${described && html`<p class="hint" id=${described}>${hint}</p>`}</div>`
}

const kinds = {
  text: { type: 'text', spellcheck: false },
  // A field for numbers takes no separators, and counts on when a wheel turns.
  count: { type: 'text', inputmode: 'numeric', pattern: '[\\d,\\s]+' },
  time: { type: 'datetime-local', step: 'any' },
} as const

/** What stands in the form. */
export function fieldsOf(form: HTMLFormElement): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string') texts[name] = value
  }
  return texts
}
