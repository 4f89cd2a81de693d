// The reader's choice of theme, before anything is painted.
"use strict";
try {
  const theme = localStorage.getItem("otel-discord-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off; the system's preference holds.
}
