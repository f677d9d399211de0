import { lazy, Suspense, type ComponentProps } from "react";
import { t } from "../../locales/text.js";

const Whole = lazy(() => import("./Settings.js"));

/** The settings, whose code comes when they are opened. */
export function Settings(props: ComponentProps<typeof Whole>) {
  return (
    <Suspense fallback={<p className="list-says">{t.loading}</p>}>
      <Whole {...props} />
    </Suspense>
  );
}
