import type { ButtonHTMLAttributes } from "react";
import { Icon, type IconName } from "./Icon.js";

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  /** What it does; with an icon alone it is its name and its tooltip. */
  label: string;
  icon?: IconName;
  /** Shows the icon alone. */
  bare?: boolean;
  kind?: "primary" | "plain";
  keys?: readonly string[] | undefined;
}

export function Button({ label, icon, bare, kind, keys, className = "", ...rest }: Props) {
  const hint = keys?.length ? `${label} (${keys[0]})` : label;
  return (
    <button type="button" className={`button ${kind ?? ""} ${bare ? "icon" : ""} ${className}`} title={bare || keys ? hint : undefined} aria-label={bare ? label : undefined} {...rest}>
      {icon && <Icon name={icon} />}
      {!bare && <span>{label}</span>}
    </button>
  );
}
