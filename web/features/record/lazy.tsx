import { lazy, Suspense, type ComponentProps } from "react";

const Dialog = lazy(() => import("./RecordDialog.js").then((m) => ({ default: m.RecordDialog })));

export function RecordDialog(props: ComponentProps<typeof Dialog>) {
  return (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  );
}
