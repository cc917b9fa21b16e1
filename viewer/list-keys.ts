/** Moves the focus within a list of buttons by arrow keys; `above` has it before the first button. */
export function moveInList(event: KeyboardEvent, list: HTMLElement, above: HTMLElement): void {
  const buttons = [...list.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (event.key === 'ArrowDown') buttons[at + 1]?.focus();
  else if (event.key === 'ArrowUp') (buttons[at - 1] ?? above).focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
