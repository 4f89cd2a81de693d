"""Evidence of alerts: what a service said in the minutes before, and which of its versions were new."""
