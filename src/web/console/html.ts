// HTML in templates, without a build.

import htm from 'htm'
import { h, type VNode } from 'preact'

export type Html = VNode | VNode[]
type Template = (strings: TemplateStringsArray, ...values: unknown[]) => Html

// Its types describe another of its builds.
export const html = (htm as unknown as { bind(make: typeof h): Template }).bind(h)
