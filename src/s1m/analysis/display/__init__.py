"""What every table, figure and page is made with: number formats, the style of figures, the page's templates."""
