"""What the application says from outside: the parts of ``tools.compare_words``, which know none of its modules."""
