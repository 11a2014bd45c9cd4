"""Float graph -> integer graph: observe ranges, choose scales, convert layer by layer, measure what it cost."""
