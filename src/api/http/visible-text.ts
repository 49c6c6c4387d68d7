// What a name may be that people read: something is to be seen, and nothing hides or turns round
// what stands beside it. The one check for every name; by the properties of Unicode, not by a list.

export function isVisibleText(text: string): boolean {
  return !unprintable.test(text) && !deceiving.test(text) && visible.test(text)
}

/** Control characters, line ends, and halves of surrogate pairs, which no UTF-8 can carry. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u
/**
 * What turns text round, or takes no room (as U+3164, the usual empty nickname in Korea); but for
 * what emoji and scripts are joined with: ZWNJ, ZWJ, variation selectors and the tags of flags.
 */
const joining = String.raw`\p{Join_Control}|\p{Variation_Selector}|[\u{e0020}-\u{e007f}]`
const deceiving = new RegExp(
  String.raw`\p{Bidi_Control}|(?!${joining})\p{Default_Ignorable_Code_Point}`,
  'u',
)
/** The blank pattern of braille (U+2800) is a symbol, and blank. */
const visible = /(?![\u2800\p{Default_Ignorable_Code_Point}])[\p{L}\p{N}\p{P}\p{S}]/u
